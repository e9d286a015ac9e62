-- +goose Up
SET LOCAL lock_timeout = '5s';

CREATE TABLE plans (
    request_id    uuid NOT NULL REFERENCES requests,
    version       integer NOT NULL CHECK (version > 0),
    controller_id uuid NOT NULL REFERENCES controllers,
    shown_digest  text NOT NULL,      -- of the plan as it was shown, before the choices of its approval
    body          jsonb NOT NULL,     -- the plan, with those choices; no personal data
    made_at       timestamptz NOT NULL,
    decided_at    timestamptz,
    PRIMARY KEY (request_id, version)
);

-- +goose Down
DROP TABLE plans;
