-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What the persons concerned are told, Art. 34: one message a breach, changed until it is approved.
CREATE TABLE breach_letters (
    breach_id      uuid PRIMARY KEY REFERENCES breaches,
    subject_sealed bytea NOT NULL,             -- with the breach's key
    body_sealed    bytea NOT NULL,
    plain          boolean NOT NULL,           -- the author confirms clear and plain language
    per_minute     integer NOT NULL CHECK (per_minute > 0),
    drafted_by     uuid NOT NULL,
    drafted_at     timestamptz NOT NULL,
    approved_by    uuid,                       -- somebody else
    approved_at    timestamptz,
    finished_at    timestamptz,
    CHECK (approved_by IS NULL OR approved_by <> drafted_by),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);

CREATE TABLE breach_persons (
    id         uuid PRIMARY KEY,
    breach_id  uuid NOT NULL REFERENCES breaches,
    no         bigint GENERATED ALWAYS AS IDENTITY,
    index      bytea NOT NULL,                 -- keyed index of the address: nobody is told twice of one breach
    message    bytea NOT NULL UNIQUE,          -- left half of the Message-ID, by which a bounce is known
    sealed     bytea NOT NULL,                 -- with the breach's key
    state      text NOT NULL DEFAULT 'waiting',
    code       text NOT NULL DEFAULT '',       -- of a refusal or bounce
    changed_at timestamptz NOT NULL,
    UNIQUE (breach_id, index)
);

CREATE INDEX breach_persons_work ON breach_persons (breach_id, no) WHERE state IN ('waiting', 'sending');

-- +goose Down
DROP TABLE breach_persons, breach_letters;
