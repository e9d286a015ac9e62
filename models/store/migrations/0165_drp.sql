-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What authorised agents do by the Data Rights Protocol. Who they are, and for which businesses, says the operator's file.
CREATE TABLE drp_tokens (
    agent_id    text NOT NULL,
    business_id text NOT NULL,
    token_hash  bytea NOT NULL UNIQUE,
    issued_at   timestamptz NOT NULL,
    PRIMARY KEY (agent_id, business_id)
);

-- Messages that asked for a token, until they expire: none is taken twice.
CREATE TABLE drp_messages (
    agent_id   text NOT NULL,
    digest     bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (agent_id, digest)
);

CREATE TABLE drp_requests (
    id               uuid PRIMARY KEY,             -- request_id, as the agent knows it
    controller_id    uuid NOT NULL REFERENCES controllers,
    agent_id         text NOT NULL,
    business_id      text NOT NULL,
    agent_request_id text NOT NULL,                -- '': none was given
    submission_id    uuid UNIQUE REFERENCES submissions, -- NULL: denied as it came in
    denied           text NOT NULL,                -- the reason; '': it was not
    received_at      timestamptz NOT NULL,
    revoked_at       timestamptz,
    digest           bytea NOT NULL,               -- of the signed message: none is taken twice
    UNIQUE (agent_id, digest)
);

-- +goose Down
DROP TABLE drp_requests, drp_messages, drp_tokens;
