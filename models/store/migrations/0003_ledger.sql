-- +goose Up
SET LOCAL lock_timeout = '5s';

-- The three tables of the ledger only grow. They refer to nothing and nothing refers to them: a foreign key's check would need the
-- right to update that is revoked below.
CREATE TABLE ledger_entries (
    id            uuid PRIMARY KEY,
    at            timestamptz NOT NULL,
    controller_id uuid,
    request_id    uuid,
    kind          text NOT NULL,
    body          bytea NOT NULL -- the bytes that are hashed
);

CREATE INDEX ledger_entries_request ON ledger_entries (request_id, at);

CREATE TABLE ledger_chain (
    seq       bigint PRIMARY KEY CHECK (seq > 0),
    entry_id  uuid NOT NULL UNIQUE,
    prev_hash bytea NOT NULL,
    hash      bytea NOT NULL
);

CREATE TABLE ledger_checkpoints (
    size      bigint PRIMARY KEY,
    body      bytea NOT NULL, -- the bytes that are signed
    kid       text NOT NULL,
    signature bytea NOT NULL
);

-- Entries that no seal has chained yet. It is a work list, not evidence: a row lost here shows as an unsealed entry.
CREATE TABLE ledger_pending (
    entry_id uuid PRIMARY KEY
);

-- +goose StatementBegin
CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
-- +goose StatementEnd

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_entries FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_chain FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON ledger_checkpoints FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON ledger_entries FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON ledger_chain FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON ledger_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

REVOKE UPDATE, DELETE, TRUNCATE ON ledger_entries, ledger_chain, ledger_checkpoints FROM PUBLIC, CURRENT_USER;

CREATE TABLE receipts (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    deferral_id   uuid,
    issued_at     timestamptz NOT NULL,
    body          bytea NOT NULL
);

-- One for the request itself, one for each deferral that was finished.
CREATE UNIQUE INDEX receipts_one ON receipts (request_id, deferral_id) NULLS NOT DISTINCT;

-- +goose Down
DROP TABLE receipts, ledger_pending, ledger_checkpoints, ledger_chain, ledger_entries;
DROP FUNCTION ledger_append_only;
