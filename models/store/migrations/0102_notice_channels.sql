-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Recipients that are told by people, and those that carry out what OpenDSR hands them.
ALTER TABLE recipients DROP CONSTRAINT recipients_channel_check;
ALTER TABLE recipients ADD CONSTRAINT recipients_channel_check CHECK (channel IN ('mail', 'webhook', 'opendsr', 'manual'));

-- +goose Down
ALTER TABLE recipients DROP CONSTRAINT recipients_channel_check;
ALTER TABLE recipients ADD CONSTRAINT recipients_channel_check CHECK (channel IN ('mail', 'webhook'));
