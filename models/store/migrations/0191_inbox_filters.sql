-- +goose Up
SET LOCAL lock_timeout = '5s';

-- A plan keeps something by law: what the inbox is filtered by.
ALTER TABLE plans ADD COLUMN held boolean NOT NULL GENERATED ALWAYS AS (body @? '$.groups[*].rule') STORED;
CREATE INDEX plans_held ON plans (request_id, version) WHERE held;

-- Rare among many: an outcome and a language, in the inbox's order.
CREATE INDEX requests_due_outcome ON requests (outcome, (coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NOT NULL;
CREATE INDEX requests_due_language ON requests (split_part(language, '-', 1), (coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL;
CREATE INDEX requests_due_channel ON requests (channel, (coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL;
CREATE INDEX requests_due_extended ON requests ((coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL AND clock->>'ExtendedTo' <> '';

-- +goose Down
DROP INDEX requests_due_extended, requests_due_channel, requests_due_language, requests_due_outcome;
ALTER TABLE plans DROP COLUMN held;
