-- +goose Up
SET LOCAL lock_timeout = '5s';

CREATE TABLE recipients (
    id             uuid PRIMARY KEY,
    slug           text NOT NULL UNIQUE CHECK (slug <> ''),
    name           text NOT NULL,
    channel        text NOT NULL CHECK (channel IN ('mail', 'webhook')),
    address_sealed bytea NOT NULL,              -- with the installation's own key
    secret_sealed  bytea,                       -- of a webhook, likewise
    categories     jsonb NOT NULL,              -- of data that it receives
    country        text NOT NULL DEFAULT '',
    safeguard      text NOT NULL DEFAULT '',    -- of a transfer, Art. 46
    purpose        text NOT NULL DEFAULT '',
    reminder_after bigint NOT NULL,             -- nanoseconds
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    CHECK ((channel = 'webhook') = (secret_sealed IS NOT NULL))
);

CREATE TABLE notices (
    id                uuid PRIMARY KEY,
    request_id        uuid NOT NULL REFERENCES requests,
    controller_id     uuid NOT NULL REFERENCES controllers,
    deferral_id       uuid,                     -- NULL for the request itself
    recipient_id      uuid NOT NULL REFERENCES recipients,
    state             text NOT NULL,
    token_hash        bytea NOT NULL UNIQUE,
    categories        jsonb NOT NULL,           -- the erased ones that concern the recipient
    identities_sealed bytea NOT NULL,           -- with the request's key
    attempts          integer NOT NULL DEFAULT 0,
    queued_at         timestamptz NOT NULL,
    sent_at           timestamptz,              -- the last time
    closed_at         timestamptz,              -- answered or waived
    answer            text NOT NULL DEFAULT '',
    note_sealed       bytea,                    -- with the request's key
    CHECK ((state IN ('acknowledged', 'waived')) = (closed_at IS NOT NULL))
);

-- One to each recipient, for the request and for each deferral of it.
CREATE UNIQUE INDEX notices_one ON notices (request_id, deferral_id, recipient_id) NULLS NOT DISTINCT;
CREATE INDEX notices_recipient ON notices (recipient_id);

-- +goose Down
DROP TABLE notices, recipients;
