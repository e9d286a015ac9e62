-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Who was erased, so that a restored backup or a new import does not bring them back. It outlives the request's key: the index is made
-- with the installation's key and gives nothing away without it.
CREATE TABLE suppressions (
    id             uuid PRIMARY KEY,
    controller_id  uuid NOT NULL REFERENCES controllers,
    request_id     uuid NOT NULL REFERENCES requests, -- the first that suppressed it
    kind           text NOT NULL,                     -- of the identity
    identity_index bytea NOT NULL,
    added_at       timestamptz NOT NULL,
    UNIQUE (controller_id, kind, identity_index)
);

CREATE INDEX suppressions_request ON suppressions (request_id);

-- +goose Down
DROP TABLE suppressions;
