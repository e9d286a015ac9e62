-- +goose Up
SET LOCAL lock_timeout = '5s';

-- The rows of a plan's groups, and what became of them: thousands in a chunk, since a status of its own for each of a million rows costs
-- more than erasing them. As with located_rows, a foreign key's check is left out.
CREATE TABLE located_chunks (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid NOT NULL,
    generation bigint NOT NULL,                     -- which sorting into groups it belongs to; the plan names the one that counts
    group_no   integer NOT NULL,                    -- of the plan
    rows       integer NOT NULL CHECK (rows > 0),
    status     text NOT NULL DEFAULT 'located',     -- of every row, unless there are statuses
    statuses   bytea,                               -- where they differ: a letter a row
    begun      boolean NOT NULL DEFAULT false,      -- its erasure was begun: what is missing of it then was erased
    sealed     bytea NOT NULL                       -- keys and anchor dates, with the request's key
);

ALTER TABLE located_chunks ALTER COLUMN sealed SET STORAGE EXTERNAL; -- what is encrypted cannot be compressed

CREATE INDEX located_chunks_group ON located_chunks (request_id, generation, group_no, id);

CREATE SEQUENCE located_generations;

ALTER TABLE plans ADD COLUMN rows_generation bigint NOT NULL DEFAULT 0; -- of the chunks that hold this plan's rows; 0 for none

DROP INDEX located_rows_group;
ALTER TABLE located_rows DROP COLUMN group_no, DROP COLUMN status;

-- +goose Down
ALTER TABLE located_rows ADD COLUMN group_no integer NOT NULL DEFAULT 0, ADD COLUMN status text NOT NULL DEFAULT 'located';
CREATE INDEX located_rows_group ON located_rows (request_id, group_no, id) WHERE group_no > 0;
ALTER TABLE plans DROP COLUMN rows_generation;
DROP SEQUENCE located_generations;
DROP TABLE located_chunks;
