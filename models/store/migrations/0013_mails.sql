-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Which mails were sent, so that a retry sends none twice. Their text is not kept.
CREATE TABLE mails (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    key           text NOT NULL CHECK (key <> ''),
    created_at    timestamptz NOT NULL,
    sent_at       timestamptz,
    UNIQUE (request_id, key)
);

-- Messages to the person that the status page shows.
CREATE TABLE messages (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    key           text NOT NULL CHECK (key <> ''),
    kind          text NOT NULL,
    written_at    timestamptz NOT NULL,
    body_sealed   bytea NOT NULL, -- with the request's key
    UNIQUE (request_id, key)
);

-- +goose Down
DROP TABLE messages, mails;
