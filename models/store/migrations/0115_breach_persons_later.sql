-- +goose Up
SET LOCAL lock_timeout = '5s';

-- A person whom the mail server puts off is written to later, and the others meanwhile.
ALTER TABLE breach_persons ADD COLUMN tries integer NOT NULL DEFAULT 0; -- how often the message was tried and not taken
ALTER TABLE breach_persons ADD COLUMN next_at timestamptz;              -- of a person put off: not before
ALTER TABLE breach_persons ADD CHECK ((next_at IS NOT NULL) = (state = 'deferred'));

DROP INDEX breach_persons_work;
CREATE INDEX breach_persons_work ON breach_persons (breach_id, tries, no) WHERE state IN ('waiting', 'sending', 'deferred');

-- +goose Down
DROP INDEX breach_persons_work;
UPDATE breach_persons SET state = 'waiting', next_at = NULL WHERE state = 'deferred';
UPDATE breach_persons SET state = 'refused' WHERE state = 'unreached';
ALTER TABLE breach_persons DROP COLUMN tries, DROP COLUMN next_at;
CREATE INDEX breach_persons_work ON breach_persons (breach_id, no) WHERE state IN ('waiting', 'sending');
