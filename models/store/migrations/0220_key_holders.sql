-- +goose Up
SET LOCAL lock_timeout = '5s';

-- The people who had the secret of a key in their hands: its maker, whom it was made for, who rotated it. What a key does counts as theirs.
ALTER TABLE access_keys ADD COLUMN holders jsonb NOT NULL DEFAULT '[]'; -- none: made on the command line for nobody who was named

-- For keys that are there the ledger says who made them; what a key made is its maker's, and a former secret may be known to who rotated it.
WITH RECURSIVE given AS (
    SELECT body ->> 'actor_id' AS by, body -> 'data' ->> 'key_id' AS key
    FROM (SELECT convert_from(body, 'UTF8')::jsonb AS body FROM ledger_entries WHERE kind IN ('key.created', 'key.rotated')) entries
    WHERE body ->> 'actor_id' IS NOT NULL AND body ->> 'actor_id' <> body -> 'data' ->> 'key_id'
), held AS (
    SELECT key, by FROM given
    UNION
    SELECT held.key, given.by FROM held JOIN given ON given.key = held.by
)
UPDATE access_keys SET holders = people.ids
FROM (SELECT key, jsonb_agg(by ORDER BY by) AS ids FROM held WHERE by NOT IN (SELECT id::text FROM access_keys) GROUP BY key) people
WHERE people.key = access_keys.id::text;

-- +goose Down
ALTER TABLE access_keys DROP COLUMN holders;
