-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What an identity must not be used for: erased (for anything), or a purpose that was objected to (Art. 21).
ALTER TABLE suppressions ADD COLUMN purpose text NOT NULL DEFAULT 'erased';
ALTER TABLE suppressions DROP CONSTRAINT suppressions_controller_id_kind_identity_index_key;
CREATE UNIQUE INDEX suppressions_one ON suppressions (controller_id, kind, identity_index, purpose);

-- Fields that a recipient has to correct, by name (Art. 16, 19).
ALTER TABLE notices ADD COLUMN fields jsonb NOT NULL DEFAULT '[]';

-- What the DPO has entered to be corrected.
CREATE TABLE corrections (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    group_no      integer NOT NULL,
    row_digest    bytea NOT NULL,             -- of the located row; empty: all of the group
    dataset       text NOT NULL,
    collection    text NOT NULL,
    field         text NOT NULL,
    value_sealed  bytea NOT NULL,             -- with the request's key
    status        text NOT NULL,
    code          text NOT NULL DEFAULT '',   -- why it was refused
    rows          bigint NOT NULL DEFAULT 0,  -- that carry the value
    made_at       timestamptz NOT NULL,
    done_at       timestamptz,
    UNIQUE (request_id, group_no, row_digest, field),
    CHECK ((status = 'planned') = (done_at IS NULL))
);

-- Copies of rows for somebody to decide about them; they go when the plan is decided.
CREATE TABLE row_values (
    row_digest bytea PRIMARY KEY,             -- of the located row
    request_id uuid NOT NULL REFERENCES requests,
    sealed     bytea NOT NULL                 -- with the request's key
);

CREATE INDEX row_values_request ON row_values (request_id);

-- Restrictions in force: as long as one is, its request's key is needed to lift it.
CREATE TABLE restrictions (
    request_id    uuid PRIMARY KEY REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    state         text NOT NULL,
    imposed_at    timestamptz NOT NULL,
    decision_id   uuid,                       -- that lifts it
    lifted_at     timestamptz,
    CHECK ((state = 'lifted') = (lifted_at IS NOT NULL))
);

-- +goose Down
DROP TABLE restrictions, row_values, corrections;
ALTER TABLE notices DROP COLUMN fields;
DROP INDEX suppressions_one;
DELETE FROM suppressions WHERE purpose <> 'erased';
ALTER TABLE suppressions DROP COLUMN purpose;
ALTER TABLE suppressions ADD CONSTRAINT suppressions_controller_id_kind_identity_index_key UNIQUE (controller_id, kind, identity_index);
