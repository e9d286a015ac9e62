-- +goose Up
SET LOCAL lock_timeout = '5s';

CREATE TABLE deferrals (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    group_no      integer NOT NULL,
    body          jsonb NOT NULL,   -- the plan's group as it was retained; no personal data
    due_on        date NOT NULL,    -- in the controller's time zone
    state         text NOT NULL,
    created_at    timestamptz NOT NULL,
    started_at    timestamptz,
    finished_at   timestamptz,
    UNIQUE (request_id, group_no),
    CHECK ((state = 'done') = (finished_at IS NOT NULL))
);

CREATE INDEX deferrals_due ON deferrals (controller_id, due_on) WHERE state <> 'done';

-- +goose Down
DROP TABLE deferrals;
