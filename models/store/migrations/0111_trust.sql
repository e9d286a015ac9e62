-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Files that the public page offers, and those of its former versions. They are made for the public, and not sealed.
CREATE TABLE trust_files (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    media      text NOT NULL,    -- looked at, never believed
    size       bigint NOT NULL,
    digest     bytea NOT NULL,   -- SHA-256
    content    bytea NOT NULL CHECK (octet_length(content) <= 5000000),
    created_at timestamptz NOT NULL
);

ALTER TABLE trust_files ALTER COLUMN content SET STORAGE EXTERNAL; -- a PDF is compressed already

-- What the public page says beside the register: one row for each version of an item.
CREATE TABLE trust_entries (
    no         bigint PRIMARY KEY,      -- over all items, without gaps
    item       uuid NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('page', 'document', 'certificate', 'location')),
    at         timestamptz NOT NULL,
    actor_role text NOT NULL,
    actor_id   uuid,
    facts      jsonb NOT NULL,
    file_id    uuid REFERENCES trust_files,
    removed    boolean NOT NULL
);

-- What of it is public: everything up to an entry.
CREATE TABLE trust_releases (
    no         integer PRIMARY KEY,
    up_to      bigint NOT NULL REFERENCES trust_entries,
    at         timestamptz NOT NULL,
    actor_role text NOT NULL,
    actor_id   uuid
);

-- What customers were shown, and when, is evidence: nothing in it is changed.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON trust_entries FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON trust_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON trust_releases FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON trust_releases FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON trust_files FOR EACH ROW EXECUTE FUNCTION ledger_append_only();

-- +goose Down
DROP TABLE trust_releases, trust_entries, trust_files;
