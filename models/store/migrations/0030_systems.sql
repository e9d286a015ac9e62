-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Whether each system answered when it was last needed.
CREATE TABLE systems (
    name       text PRIMARY KEY,
    code       text NOT NULL,              -- empty: it answers
    since      timestamptz NOT NULL,       -- of the present code
    checked_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE systems;
