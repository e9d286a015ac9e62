-- +goose Up
SET LOCAL lock_timeout = '5s';

-- A question to the person is open, and whom a request waits for: models/request.WaitsFor in SQL, compared by a test.
ALTER TABLE requests ADD COLUMN asked boolean NOT NULL DEFAULT false;
UPDATE requests r SET asked = true WHERE 'clarify' =
    (SELECT d.kind FROM decisions d WHERE d.request_id = r.id AND d.kind IN ('clarify', 'answer') ORDER BY d.seq DESC LIMIT 1);
ALTER TABLE requests ADD COLUMN waits_for text NOT NULL GENERATED ALWAYS AS (CASE
    WHEN state IN ('received', 'verifying') THEN 'person'
    WHEN state IN ('awaiting_instruction', 'locating', 'in_review') AND asked THEN 'person'
    WHEN state = 'awaiting_instruction' THEN 'controller'
    WHEN state = 'in_review' THEN 'dpo'
    WHEN state IN ('locating', 'executing', 'delivering') THEN 'systems'
    WHEN state = 'notifying' THEN 'recipients'
    ELSE '' END) STORED;

-- The inbox in the order of the legal date, for each filter that leaves a small part of it: without these a page reads every open request
-- until it has found its fifty.
CREATE INDEX requests_due_controller ON requests (controller_id, (coalesce(due_before, 'infinity'::timestamptz)), id)
    INCLUDE (right_code, waits_for, due_before) WHERE closed_at IS NULL; -- with what the dashboard counts
CREATE INDEX requests_due_state ON requests (state, (coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL;
CREATE INDEX requests_due_right ON requests (right_code, (coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL;
CREATE INDEX requests_due_of_right ON requests (controller_id, right_code, (coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL;
CREATE INDEX requests_due_waits ON requests (waits_for, (coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL;
CREATE INDEX requests_due_closed ON requests ((coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NOT NULL;

-- +goose Down
DROP INDEX requests_due_controller, requests_due_state, requests_due_right, requests_due_of_right, requests_due_waits, requests_due_closed;
ALTER TABLE requests DROP COLUMN waits_for, DROP COLUMN asked;
