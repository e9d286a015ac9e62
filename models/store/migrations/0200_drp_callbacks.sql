-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Where an agent of the Data Rights Protocol wants to be told how its request stands, and what it was told last.
ALTER TABLE drp_requests
    ADD COLUMN callback_sealed bytea,                -- with the key of the request; NULL: it asks
    ADD COLUMN told text NOT NULL DEFAULT '';

-- A message may be such a callback. Its body is made when it is sent.
ALTER TABLE webhook_deliveries DROP COLUMN lane;     -- with its index and the uniqueness of a key in it
ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_check;
ALTER TABLE webhook_deliveries ADD COLUMN drp_id uuid REFERENCES drp_requests;
ALTER TABLE webhook_deliveries
    ADD COLUMN lane uuid NOT NULL GENERATED ALWAYS AS (coalesce(endpoint_id, callback_id, drp_id)) STORED,
    ADD CONSTRAINT webhook_deliveries_check CHECK (num_nonnulls(endpoint_id, callback_id, drp_id) = 1),
    ADD UNIQUE (lane, key);
CREATE INDEX webhook_deliveries_lane ON webhook_deliveries (lane, seq) WHERE state = 'waiting';

-- +goose Down
DELETE FROM webhook_deliveries WHERE drp_id IS NOT NULL;
ALTER TABLE webhook_deliveries DROP COLUMN lane;
ALTER TABLE webhook_deliveries DROP CONSTRAINT webhook_deliveries_check;
ALTER TABLE webhook_deliveries DROP COLUMN drp_id;
ALTER TABLE webhook_deliveries
    ADD COLUMN lane uuid NOT NULL GENERATED ALWAYS AS (coalesce(endpoint_id, callback_id)) STORED,
    ADD CONSTRAINT webhook_deliveries_check CHECK ((endpoint_id IS NULL) <> (callback_id IS NULL)),
    ADD UNIQUE (lane, key);
CREATE INDEX webhook_deliveries_lane ON webhook_deliveries (lane, seq) WHERE state = 'waiting';
ALTER TABLE drp_requests DROP COLUMN callback_sealed, DROP COLUMN told;
