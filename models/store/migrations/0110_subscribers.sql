-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Who asked on the public page to hear of changes of subprocessors. An address that is never confirmed is deleted when its link has expired, one
-- that leaves is deleted at once.
CREATE TABLE subscribers (
    id             uuid PRIMARY KEY,
    address_index  bytea NOT NULL UNIQUE,  -- keyed: nobody can try addresses against it without the master key
    address_sealed bytea NOT NULL,         -- with the installation's own key
    confirm_hash   bytea NOT NULL UNIQUE,  -- of the link that confirms
    leave_hash     bytea NOT NULL UNIQUE,  -- of the link that ends it
    created_at     timestamptz NOT NULL,
    expires_at     timestamptz NOT NULL,   -- of the link that confirms
    confirmed_at   timestamptz
);

CREATE INDEX subscribers_unconfirmed ON subscribers (expires_at) WHERE confirmed_at IS NULL;

-- Mails to them, each written with what makes it necessary and sent once.
CREATE TABLE subscriber_mails (
    id            uuid PRIMARY KEY,
    subscriber_id uuid NOT NULL REFERENCES subscribers ON DELETE CASCADE,
    change_id     uuid REFERENCES subprocessor_changes,  -- NULL: the question whether the address is theirs
    created_at    timestamptz NOT NULL,
    next_at       timestamptz NOT NULL,                  -- earliest instant of the next attempt, or the end of the lease of the present one
    attempts      integer NOT NULL DEFAULT 0,
    sent_at       timestamptz,
    refused       text NOT NULL DEFAULT '',              -- code of why the mail server refused it for good
    UNIQUE (subscriber_id, change_id)
);

CREATE INDEX subscriber_mails_waiting ON subscriber_mails (next_at) WHERE sent_at IS NULL AND refused = '';

-- +goose Down
DROP TABLE subscriber_mails, subscribers;
