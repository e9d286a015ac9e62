-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Counts of very many rows, kept with the instant of which they are. The worker counts those anew that are asked for. One whose period was over when it
-- was counted is final.
CREATE TABLE kept_figures (
    scope     text NOT NULL,        -- a controller's identifier; '' for the operator's, which sees all
    kind      text NOT NULL CHECK (kind IN ('open', 'period', 'holds')),
    from_at   timestamptz NOT NULL, -- of a period; for the others the epoch
    before_at timestamptz NOT NULL,
    zone      text NOT NULL,        -- of its months; '' for the others
    as_of     timestamptz NOT NULL,
    asked_at  timestamptz NOT NULL, -- about when somebody last wanted it
    body      jsonb NOT NULL,
    PRIMARY KEY (scope, kind, from_at, before_at, zone)
);

-- Those that are, or were answered, after their legal date, for the reports; open ones among them may yet be.
CREATE INDEX requests_late ON requests (due_before, id) WHERE closed_at IS NULL OR closed_at >= due_before;

-- +goose Down
DROP INDEX requests_late;
DROP TABLE kept_figures;
