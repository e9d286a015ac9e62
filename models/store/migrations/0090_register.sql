-- +goose Up
SET LOCAL lock_timeout = '5s';

ALTER TABLE recipients ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';  -- recipient.Facts: nothing personal
ALTER TABLE recipients ADD COLUMN contacts_sealed bytea;
ALTER TABLE recipients ADD COLUMN vetting_sealed bytea;               -- the answers with their notes
ALTER TABLE recipients ADD COLUMN version integer NOT NULL DEFAULT 0; -- of the last entry in its history

-- What the register said of a recipient and when: one row for each change.
CREATE TABLE recipient_versions (
    recipient_id uuid NOT NULL REFERENCES recipients,
    no           integer NOT NULL,
    at           timestamptz NOT NULL,
    actor_role   text NOT NULL,
    actor_id     uuid,
    open         jsonb NOT NULL,  -- the entry without what is personal
    sealed       bytea NOT NULL,  -- address, contacts and answers; the secret is not kept
    changed      jsonb NOT NULL,  -- names of the fields that changed
    PRIMARY KEY (recipient_id, no)
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON recipient_versions FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON recipient_versions FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- Which mails about the register were sent, so that a retry sends none twice. Their text is not kept.
CREATE TABLE register_mails (
    id         uuid PRIMARY KEY,
    key        text NOT NULL UNIQUE CHECK (key <> ''),
    created_at timestamptz NOT NULL,
    sent_at    timestamptz,
    refused    text NOT NULL DEFAULT ''  -- code of why the mail server refused it for good
);

-- +goose Down
DROP TABLE register_mails, recipient_versions;
ALTER TABLE recipients DROP COLUMN facts, DROP COLUMN contacts_sealed, DROP COLUMN vetting_sealed, DROP COLUMN version;
