-- +goose Up
SET LOCAL lock_timeout = '5s';

-- How the pages to persons look for a controller.
CREATE TABLE brands (
    controller_id uuid PRIMARY KEY REFERENCES controllers,
    band          text NOT NULL,
    accent        text NOT NULL,
    logo          bytea,         -- PNG; NULL for none
    host          text UNIQUE,   -- own domain; NULL for none
    updated_at    timestamptz NOT NULL
);

-- +goose Down
DROP TABLE brands;
