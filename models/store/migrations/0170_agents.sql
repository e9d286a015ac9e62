-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Who asks for another person: one row beside the submission, which holds the person. What is sealed is so with the request's key, and goes with it.
CREATE TABLE agents (
    submission_id uuid PRIMARY KEY REFERENCES submissions,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    basis         text NOT NULL CHECK (basis IN ('mandate', 'parent', 'guardian')),
    state         text NOT NULL CHECK (state IN ('asked', 'agreed', 'accepted', 'refused', 'objected')),
    name_sealed   bytea,
    email_sealed  bytea,
    media         text NOT NULL, -- of the proof: looked at, never believed
    size          bigint NOT NULL,
    proof_sealed  bytea,
    reason_sealed bytea,         -- of the DPO
    created_at    timestamptz NOT NULL,
    decided_at    timestamptz,
    decided_role  text NOT NULL DEFAULT '',
    decided_by    uuid,
    CHECK ((state = 'asked') = (decided_at IS NULL))
);

CREATE INDEX agents_request ON agents (request_id);

ALTER TABLE agents ALTER COLUMN proof_sealed SET STORAGE EXTERNAL; -- what is encrypted cannot be compressed

-- +goose Down
DROP TABLE agents;
