-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Each message of a notice as it was first written. What is sent again after a crash is the same, word for word, and what was sent can be proved.
CREATE TABLE notice_messages (
    notice_id  uuid NOT NULL REFERENCES notices,
    attempt    integer NOT NULL CHECK (attempt > 0),
    written_at timestamptz NOT NULL,
    digest     bytea NOT NULL,           -- SHA-256 of the message, which holds the secret of its link
    sealed     bytea NOT NULL,           -- with the request's key
    PRIMARY KEY (notice_id, attempt)
);

-- +goose Down
DROP TABLE notice_messages;
