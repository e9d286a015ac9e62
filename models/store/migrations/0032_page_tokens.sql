-- +goose Up
SET LOCAL lock_timeout = '5s';

-- The page of somebody who confirmed by the link in the mail. Whoever filed the request may be a stranger to the mailbox: the link that they got
-- says no more then than it said before.
ALTER TABLE submissions ADD COLUMN page_token_hash bytea UNIQUE;

-- +goose Down
ALTER TABLE submissions DROP COLUMN page_token_hash;
