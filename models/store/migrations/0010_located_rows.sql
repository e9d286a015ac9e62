-- +goose Up
SET LOCAL lock_timeout = '5s';

-- The rows that the walk located, and what became of them. There are millions; a foreign key's check for each would cost as much as the
-- row, and would lock the request against decisions. The request's key has to be unwrapped before a row is written, which is check enough.
CREATE TABLE located_rows (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id     uuid NOT NULL,
    system         text NOT NULL,
    dataset        text NOT NULL,
    collection     text NOT NULL,
    digest         bytea NOT NULL,                  -- of address and key, keyed with the request's key
    controller     text NOT NULL DEFAULT '',        -- slug of the customer whose row it is
    own            boolean NOT NULL,
    owned          boolean NOT NULL,
    shared         boolean NOT NULL,
    reason         text NOT NULL DEFAULT '',        -- why it is shared
    via_dataset    text NOT NULL DEFAULT '',
    via_collection text NOT NULL DEFAULT '',
    stage          smallint NOT NULL DEFAULT 0,     -- how far the walk has got with it
    group_no       integer NOT NULL DEFAULT 0,      -- of the plan; 0 before there is one
    status         text NOT NULL DEFAULT 'located',
    sealed         bytea NOT NULL                   -- key, links, anchor dates and path, with the request's key
);

ALTER TABLE located_rows ALTER COLUMN sealed SET STORAGE EXTERNAL; -- what is encrypted cannot be compressed

-- While a walk fills the table there are no statistics, and a plan that picks the wrong one of two indexes makes the walk quadratic. So no
-- two indexes serve the same condition. The digest, unique by itself since it is keyed, is looked for by nothing else:
CREATE UNIQUE INDEX located_rows_digest ON located_rows (digest);
-- A collection is streamed by its whole name:
CREATE INDEX located_rows_order ON located_rows (request_id, (dataset || '/' || collection), id);
-- And what waits for a stage of the walk is found by its parts:
CREATE INDEX located_rows_pending ON located_rows (request_id, dataset, collection, owned, shared, stage);
CREATE INDEX located_rows_group ON located_rows (request_id, group_no, id) WHERE group_no > 0;

-- +goose Down
DROP TABLE located_rows;
