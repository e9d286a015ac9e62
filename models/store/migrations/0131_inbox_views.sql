-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Filters of the inbox that somebody gave a name. They hold enums and a controller, and no search: what a person is found by is not kept.
CREATE TABLE inbox_views (
    id            uuid PRIMARY KEY,
    controller_id uuid REFERENCES controllers, -- a customer's; NULL for the operator's staff
    owner_id      uuid NOT NULL,
    role          text NOT NULL,               -- of the owner, within which it may be shared
    shared        boolean NOT NULL,
    name          text NOT NULL CHECK (name <> ''),
    filter        jsonb NOT NULL,
    created_at    timestamptz NOT NULL,
    UNIQUE (owner_id, name)
);

CREATE INDEX inbox_views_shared ON inbox_views (role, controller_id) WHERE shared;

-- +goose Down
DROP TABLE inbox_views;
