-- +goose Up
SET LOCAL lock_timeout = '5s';

CREATE TABLE controllers (
    id             uuid PRIMARY KEY,
    slug           text NOT NULL UNIQUE CHECK (slug <> ''),
    name           text NOT NULL,
    operator       boolean NOT NULL,
    regime         text NOT NULL,
    timezone       text NOT NULL,
    country        text NOT NULL,
    subdivision    text NOT NULL,
    contact_sealed bytea NOT NULL,
    authority      text NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);

-- There is one operator.
CREATE UNIQUE INDEX controllers_one_operator ON controllers (operator) WHERE operator;

CREATE TABLE access_keys (
    id            uuid PRIMARY KEY,
    controller_id uuid REFERENCES controllers, -- a customer's key; NULL for the operator's staff
    role          text NOT NULL,
    name          text NOT NULL,
    secret_hash   bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    last_used_at  timestamptz
);

CREATE INDEX access_keys_controller ON access_keys (controller_id);

-- +goose Down
DROP TABLE access_keys, controllers;
