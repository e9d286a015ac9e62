-- +goose Up
SET LOCAL lock_timeout = '5s';

-- For the dashboard and the reports, which count what came in and what was closed in a period.
CREATE INDEX requests_received ON requests (received_at) INCLUDE (controller_id, right_code);
CREATE INDEX requests_closed ON requests (closed_at) INCLUDE (controller_id, right_code, outcome, due_before, received_at) WHERE closed_at IS NOT NULL;
CREATE INDEX deferrals_in_force ON deferrals (due_on, id) WHERE state <> 'done';
CREATE INDEX notices_queued ON notices (queued_at);

-- +goose Down
DROP INDEX requests_received, requests_closed, deferrals_in_force, notices_queued;
