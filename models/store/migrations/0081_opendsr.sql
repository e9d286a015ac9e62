-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Requests that controllers sent by OpenDSR.
CREATE TABLE opendsr_requests (
    controller_id      uuid NOT NULL REFERENCES controllers,
    subject_request_id uuid NOT NULL,
    request_id         uuid NOT NULL UNIQUE REFERENCES requests,
    submitted_at       timestamptz NOT NULL,   -- by the person, as the controller says
    received_at        timestamptz NOT NULL,
    expect_by          timestamptz NOT NULL,   -- until the clock is recorded
    fingerprint        bytea NOT NULL,         -- of what was sent, keyed with the request's key
    status             text NOT NULL,          -- as last told
    PRIMARY KEY (controller_id, subject_request_id)
);

CREATE TABLE opendsr_callbacks (
    id         uuid PRIMARY KEY,
    request_id uuid NOT NULL REFERENCES opendsr_requests (request_id),
    no         integer NOT NULL,
    url_sealed bytea NOT NULL,                 -- with the request's key
    UNIQUE (request_id, no)
);

ALTER TABLE webhook_deliveries ADD FOREIGN KEY (callback_id) REFERENCES opendsr_callbacks;

-- +goose Down
DELETE FROM webhook_deliveries WHERE callback_id IS NOT NULL;
ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_callback_id_fkey;
DROP TABLE opendsr_callbacks, opendsr_requests;
