-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Messages to webhooks that are over are shown for a time and then dropped.
CREATE INDEX webhook_deliveries_over ON webhook_deliveries (give_up_at) WHERE state <> 'waiting';

-- +goose Down
DROP INDEX webhook_deliveries_over;
