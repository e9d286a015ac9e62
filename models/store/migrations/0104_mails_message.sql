-- +goose Up
SET LOCAL lock_timeout = '5s';

-- The left half of a mail's Message-ID, by which one that comes back is known: activities/mail makes it of the identifier.
CREATE INDEX mails_message ON mails (substring(sha256(id::text::bytea) FROM 1 FOR 16));

-- +goose Down
DROP INDEX mails_message;
