-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What a person writes to the data protection officer who is not content with how their request was dealt with, and the answer. Both are sealed with
-- the request's key, and go with it. A row is its own order to tell the officer, and then the person.
CREATE TABLE complaints (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    text_sealed   bytea NOT NULL,
    answer_sealed bytea,
    made_at       timestamptz NOT NULL,
    answered_at   timestamptz,
    heard_at      timestamptz,          -- the officer was told
    told_at       timestamptz,          -- the person was told the answer
    next_at       timestamptz NOT NULL, -- not to be tried before
    attempts      integer NOT NULL DEFAULT 0,
    CHECK ((answered_at IS NULL) = (answer_sealed IS NULL)),
    CHECK (told_at IS NULL OR answered_at IS NOT NULL)
);

CREATE INDEX complaints_request ON complaints (request_id, made_at);
CREATE INDEX complaints_open ON complaints (made_at) WHERE answered_at IS NULL;
CREATE INDEX complaints_untold ON complaints (next_at) WHERE heard_at IS NULL OR (answered_at IS NOT NULL AND told_at IS NULL);

-- +goose Down
DROP TABLE complaints;
