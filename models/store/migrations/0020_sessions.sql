-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Sessions of the console. The token is a hash; data holds the identifier of an access key.
CREATE TABLE sessions (
    token  text PRIMARY KEY,
    data   bytea NOT NULL,
    expiry timestamptz NOT NULL
);

CREATE INDEX sessions_expiry ON sessions (expiry);

-- +goose Down
DROP TABLE sessions;
