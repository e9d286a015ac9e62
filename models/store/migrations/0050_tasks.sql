-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What a person has to do, because no connector can. The note of evidence is the reason of the decision that says it is done.
CREATE TABLE tasks (
    id             uuid PRIMARY KEY,
    request_id     uuid NOT NULL REFERENCES requests,
    controller_id  uuid NOT NULL REFERENCES controllers,
    deferral_id    uuid,                         -- NULL for the request itself
    system         text NOT NULL,
    action         text NOT NULL,
    collections    jsonb NOT NULL,               -- dataset.collection
    groups         jsonb NOT NULL DEFAULT '[]',  -- numbers of the plan's groups; empty before there is a plan
    reason         text NOT NULL,
    instructions   text NOT NULL DEFAULT '',     -- the operator's, from the configuration
    state          text NOT NULL,
    counts         jsonb NOT NULL DEFAULT '{}',  -- records by collection, as said by who did it
    created_at     timestamptz NOT NULL,
    done_at        timestamptz,
    done_role      text NOT NULL DEFAULT '',
    done_by        uuid,
    confirmed_at   timestamptz,                  -- or refused
    confirmed_role text NOT NULL DEFAULT '',
    confirmed_by   uuid,
    CHECK (state IN ('open', 'done', 'confirmed', 'refused')),
    CHECK (state <> 'confirmed' OR done_by <> confirmed_by), -- four eyes
    CHECK ((state IN ('confirmed', 'refused')) = (confirmed_at IS NOT NULL)),
    CHECK (state NOT IN ('done', 'confirmed') OR done_at IS NOT NULL)
);

CREATE UNIQUE INDEX tasks_one ON tasks (request_id, deferral_id, system, action) NULLS NOT DISTINCT;
CREATE INDEX tasks_waiting ON tasks (request_id) WHERE state IN ('open', 'done');

ALTER TABLE decisions ADD COLUMN task_id uuid;

-- Files that belong to a request and are not its package: evidence and uploads of a task, and parts of a copy that another worker has written.
CREATE TABLE request_files (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    task_id       uuid REFERENCES tasks,
    part          text NOT NULL DEFAULT '',  -- names a part of a copy; empty for a task's file
    name_sealed   bytea,                     -- as it was uploaded, with the request's key
    media         text NOT NULL,             -- sniffed, never believed
    size          bigint NOT NULL DEFAULT 0, -- of the plain file, in bytes
    rows          bigint NOT NULL DEFAULT 0,
    chunks        integer,                   -- how many there are; NULL until it was written to its end
    created_at    timestamptz NOT NULL,
    created_by    uuid,
    CHECK ((task_id IS NULL) = (part <> ''))
);

CREATE UNIQUE INDEX request_files_part ON request_files (request_id, part) WHERE part <> '' AND chunks IS NOT NULL;
CREATE INDEX request_files_request ON request_files (request_id);
CREATE INDEX request_files_task ON request_files (task_id) WHERE task_id IS NOT NULL;

CREATE TABLE request_file_chunks (
    file_id uuid NOT NULL REFERENCES request_files ON DELETE CASCADE,
    no      integer NOT NULL, -- from 0
    data    bytea NOT NULL,   -- encrypted with the request's key
    PRIMARY KEY (file_id, no)
);

ALTER TABLE request_file_chunks ALTER COLUMN data SET STORAGE EXTERNAL; -- what is encrypted cannot be compressed

-- +goose Down
DROP TABLE request_file_chunks, request_files;
ALTER TABLE decisions DROP COLUMN task_id;
DROP TABLE tasks;
