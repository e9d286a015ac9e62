-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What a request is found by, besides its reference: a keyed index of each identity that its submissions hold and of the address of who asks for the
-- person, spelled alike. The rows go with the request's key.
CREATE TABLE request_identities (
    request_id     uuid NOT NULL REFERENCES requests,
    identity_index bytea NOT NULL,
    controller_id  uuid NOT NULL REFERENCES controllers,
    PRIMARY KEY (request_id, identity_index)
);

CREATE INDEX request_identities_index ON request_identities (identity_index);

-- Submissions from before have yet to be indexed, which only the program can do: it has the keys.
ALTER TABLE submissions ADD COLUMN indexed boolean NOT NULL DEFAULT false;
CREATE INDEX submissions_unindexed ON submissions (request_id) WHERE NOT indexed;

-- By which others know a request.
CREATE INDEX opendsr_requests_subject ON opendsr_requests (subject_request_id);
CREATE INDEX drp_requests_agents ON drp_requests (agent_request_id) WHERE agent_request_id <> '';

-- +goose Down
DROP INDEX drp_requests_agents, opendsr_requests_subject, submissions_unindexed;
ALTER TABLE submissions DROP COLUMN indexed;
DROP TABLE request_identities;
