-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Reminders that somebody has ordered, besides those that come by themselves: nobody is reminded of one thing more than once a day.
CREATE TABLE reminders (
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    party         text NOT NULL CHECK (party IN ('person', 'controller', 'recipients')),
    notice_id     uuid REFERENCES notices, -- of a recipient
    ordered_at    timestamptz NOT NULL,
    actor_role    text NOT NULL,
    actor_id      uuid,
    CHECK ((party = 'recipients') = (notice_id IS NOT NULL))
);

CREATE INDEX reminders_request ON reminders (request_id, ordered_at);

-- +goose Down
DELETE FROM orders WHERE kind = 'remind';
DROP TABLE reminders;
