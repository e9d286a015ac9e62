-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Calls with an Idempotency-Key that changed something. The row is written in the transaction of the change, the answer right after it.
CREATE TABLE idempotent_calls (
    scope         text NOT NULL,              -- of the caller
    key_hash      bytea NOT NULL,
    fingerprint   bytea NOT NULL,             -- of what was sent
    status        integer NOT NULL DEFAULT 0, -- 0: the answer is not known (yet)
    answer_sealed bytea,                      -- with the installation's own key: an answer may hold a secret
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (scope, key_hash)
);

CREATE INDEX idempotent_calls_age ON idempotent_calls (created_at);

-- +goose Down
DROP TABLE idempotent_calls;
