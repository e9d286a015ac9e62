-- +goose Up
SET LOCAL lock_timeout = '5s';

CREATE TABLE packages (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    state         text NOT NULL,
    token_hash    bytea NOT NULL UNIQUE,
    writing       integer NOT NULL DEFAULT 0,   -- which writer's chunks count: the latest one's
    chunks        integer,                      -- how many there are; NULL until a writer was closed
    digest        text NOT NULL DEFAULT '',     -- SHA-256 of the plain file, hex
    size          bigint NOT NULL DEFAULT 0,    -- of the plain file, in bytes
    created_at    timestamptz NOT NULL,
    ready_at      timestamptz,
    expires_at    timestamptz,
    fetched_at    timestamptz,
    shredded_at   timestamptz,
    CHECK (state = 'building' OR chunks IS NOT NULL OR shredded_at IS NOT NULL),
    CHECK ((state = 'shredded') = (shredded_at IS NOT NULL))
);

-- One at a time for a request.
CREATE UNIQUE INDEX packages_one_live ON packages (request_id) WHERE state <> 'shredded';
CREATE INDEX packages_expiring ON packages (expires_at) WHERE state <> 'shredded';

CREATE TABLE package_chunks (
    package_id uuid NOT NULL REFERENCES packages,
    writing    integer NOT NULL,
    no         integer NOT NULL, -- from 0
    data       bytea NOT NULL,   -- encrypted with the request's key
    PRIMARY KEY (package_id, writing, no)
);

ALTER TABLE package_chunks ALTER COLUMN data SET STORAGE EXTERNAL; -- what is encrypted cannot be compressed

CREATE TABLE package_codes (
    id            uuid PRIMARY KEY,
    package_id    uuid NOT NULL REFERENCES packages,
    code_hash     bytea NOT NULL,
    issued_at     timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    used_at       timestamptz,
    superseded_at timestamptz,
    attempts      integer NOT NULL DEFAULT 0
);

CREATE INDEX package_codes_package ON package_codes (package_id, issued_at);

-- +goose Down
DROP TABLE package_codes, package_chunks, packages;
