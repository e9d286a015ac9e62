-- +goose Up
SET LOCAL lock_timeout = '5s';

-- A right that another company's system carries out by itself. The identifier is the one that it is given, so that a repeated call is the same call.
CREATE TABLE delegations (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    system        text NOT NULL,
    collections   jsonb NOT NULL,            -- dataset.collection, of which the system is to take care
    state         text NOT NULL,
    created_at    timestamptz NOT NULL,
    submitted_at  timestamptz,
    expect_by     timestamptz,               -- as the other company says
    finished_at   timestamptz,
    reason        text NOT NULL DEFAULT '',  -- code of a refusal
    has_result    boolean NOT NULL DEFAULT false,
    proof_sealed  bytea,                     -- the signed answer as it came, with the request's key
    UNIQUE (request_id, system),
    CHECK (state IN ('planned', 'submitted', 'done', 'refused', 'overdue')),
    CHECK ((state IN ('done', 'refused', 'overdue')) = (finished_at IS NOT NULL))
);

-- +goose Down
DROP TABLE delegations;
