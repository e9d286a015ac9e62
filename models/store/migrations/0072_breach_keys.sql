-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Which report of a breach was made with which Idempotency key or webhook-id, so that a repeated call opens no second breach.
CREATE TABLE breach_keys (
    scope       text NOT NULL,
    key_hash    bytea NOT NULL,
    fingerprint bytea NOT NULL,
    breach_id   uuid NOT NULL REFERENCES breaches DEFERRABLE INITIALLY DEFERRED, -- written right after
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (scope, key_hash)
);

CREATE INDEX breach_keys_age ON breach_keys (created_at);

-- +goose Down
DROP TABLE breach_keys;
