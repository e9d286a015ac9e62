-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Where a search of whole systems found a person's identities, as counts: of each system the latest search for a request.
CREATE TABLE scans (
    request_id    uuid NOT NULL REFERENCES requests,
    system        text NOT NULL,
    controller_id uuid NOT NULL REFERENCES controllers,
    body          jsonb NOT NULL,   -- tables, columns and counts; no personal data
    scanned_at    timestamptz NOT NULL,
    PRIMARY KEY (request_id, system)
);

-- +goose Down
DROP TABLE scans;
