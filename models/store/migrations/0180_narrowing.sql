-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Which parts of its data a customer's instruction leaves out, by names of the data map, Art. 28(3)(a). Why is the decision's reason.
ALTER TABLE decisions ADD COLUMN narrowing jsonb NOT NULL DEFAULT '{}';

-- The same for what is instructed once and for all, and to which requests it goes. The reason is about no person: it is sealed with the request's key
-- when a request follows it.
ALTER TABLE standing_instructions ADD COLUMN narrowing jsonb NOT NULL DEFAULT '{}';
ALTER TABLE standing_instructions ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE standing_instructions ADD COLUMN channels jsonb NOT NULL DEFAULT '[]'; -- by which a request came; empty: any

-- +goose Down
ALTER TABLE standing_instructions DROP COLUMN narrowing, DROP COLUMN reason, DROP COLUMN channels;
ALTER TABLE decisions DROP COLUMN narrowing;
