-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Which plans two persons have to approve; empty: as the operator has it.
ALTER TABLE controllers ADD COLUMN four_eyes text NOT NULL DEFAULT '' CHECK (four_eyes IN ('', 'none', 'erasure', 'every'));

-- The first of two approvals of a version of a plan; the second is the decision itself. Another version has none.
CREATE TABLE plan_approvals (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL,
    version       integer NOT NULL,
    controller_id uuid NOT NULL REFERENCES controllers,
    digest        text NOT NULL,          -- of the plan with what was chosen
    actor_role    text NOT NULL,
    actor_id      uuid NOT NULL,
    approved_at   timestamptz NOT NULL,
    reason_sealed bytea,                  -- with the request's key; NULL without a remark
    UNIQUE (request_id, version),
    FOREIGN KEY (request_id, version) REFERENCES plans
);

-- +goose Down
DROP TABLE plan_approvals;
ALTER TABLE controllers DROP COLUMN four_eyes;
