-- +goose Up
SET LOCAL lock_timeout = '5s';

-- The inbox is ordered by the due date, those without one last; the order of a query uses an index only if both are written alike.
DROP INDEX requests_due;
CREATE INDEX requests_due ON requests ((coalesce(due_before, 'infinity'::timestamptz)), id) WHERE closed_at IS NULL;

-- +goose Down
DROP INDEX requests_due;
CREATE INDEX requests_due ON requests (due_before, id) WHERE closed_at IS NULL;
