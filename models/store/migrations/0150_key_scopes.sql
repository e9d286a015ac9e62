-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What a key may do, and the secret before its last rotation.
ALTER TABLE access_keys
    ADD COLUMN scopes         jsonb NOT NULL DEFAULT '[]', -- none: all that the role may
    ADD COLUMN rotated_at     timestamptz,
    ADD COLUMN former_hash    bytea,
    ADD COLUMN former_until   timestamptz,                 -- from then on the former secret opens nothing
    ADD COLUMN former_used_at timestamptz;                 -- who still uses it is seen in time

-- +goose Down
ALTER TABLE access_keys
    DROP COLUMN scopes, DROP COLUMN rotated_at, DROP COLUMN former_hash, DROP COLUMN former_until, DROP COLUMN former_used_at;
