-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What processors have called back by themselves, once for each status of what was handed over to them.
CREATE TABLE processor_calls (
    about      uuid NOT NULL,              -- the delegation or the notice
    status     text NOT NULL,
    request_id uuid NOT NULL REFERENCES requests,
    heard_at   timestamptz NOT NULL,
    PRIMARY KEY (about, status)
);

ALTER TABLE orders ADD COLUMN delegation_id uuid;

-- +goose Down
DELETE FROM orders WHERE kind = 'processor_called';
ALTER TABLE orders DROP COLUMN delegation_id;
DROP TABLE processor_calls;
