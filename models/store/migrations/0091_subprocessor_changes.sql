-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Days within which a customer's contract lets it object to a change of subprocessors, Art. 28(2).
ALTER TABLE controllers ADD COLUMN objection_days integer NOT NULL DEFAULT 30 CHECK (objection_days BETWEEN 0 AND 3650);

CREATE TABLE subprocessor_changes (
    id           uuid PRIMARY KEY,
    reference    text NOT NULL UNIQUE,
    kind         text NOT NULL,
    slug         text NOT NULL,           -- of the subprocessor
    state        text NOT NULL,
    drafted_at   timestamptz NOT NULL,
    announced_at timestamptz,
    effective_on date,
    closed_at    timestamptz,
    events       integer NOT NULL,        -- how many there are
    wrapped_key  bytea NOT NULL,
    updated_at   timestamptz NOT NULL
);

-- The subprocessors whose change is under way: one change at a time for each.
CREATE TABLE subprocessors_changing (
    slug      text PRIMARY KEY,
    change_id uuid NOT NULL REFERENCES subprocessor_changes
);

CREATE TABLE subprocessor_change_events (
    change_id    uuid NOT NULL REFERENCES subprocessor_changes,
    no           integer NOT NULL,
    kind         text NOT NULL,
    actor_role   text NOT NULL,
    actor_id     uuid,
    at           timestamptz NOT NULL,
    facts        jsonb NOT NULL,          -- nothing personal
    words_sealed bytea,                   -- with the change's key; NULL when nothing was said
    PRIMARY KEY (change_id, no)
);

-- Who was told of a change, and what was answered, is evidence (Art. 28(2)): nothing in it is changed.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON subprocessor_change_events FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON subprocessor_change_events FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- The customers concerned, for what each of them may see.
CREATE TABLE subprocessor_change_customers (
    id            uuid PRIMARY KEY,
    change_id     uuid NOT NULL REFERENCES subprocessor_changes,
    controller_id uuid NOT NULL REFERENCES controllers,
    token_hash    bytea NOT NULL UNIQUE,  -- of the link by which it objects
    UNIQUE (change_id, controller_id)
);

CREATE INDEX subprocessor_change_customers_controller ON subprocessor_change_customers (controller_id);

-- An order is about a request, a breach or a change of subprocessors.
ALTER TABLE orders ADD COLUMN change_id uuid REFERENCES subprocessor_changes;
DROP INDEX orders_about;
ALTER TABLE orders DROP COLUMN about;
ALTER TABLE orders DROP CONSTRAINT orders_check;
ALTER TABLE orders ADD CONSTRAINT orders_check CHECK (num_nonnulls(request_id, breach_id, change_id) = 1);
ALTER TABLE orders ADD COLUMN about uuid NOT NULL GENERATED ALWAYS AS (coalesce(request_id, breach_id, change_id)) STORED;
CREATE INDEX orders_about ON orders (about, seq);

-- +goose Down
DELETE FROM orders WHERE change_id IS NOT NULL;
DROP INDEX orders_about;
ALTER TABLE orders DROP COLUMN about;
ALTER TABLE orders DROP CONSTRAINT orders_check;
ALTER TABLE orders DROP COLUMN change_id;
ALTER TABLE orders ADD CONSTRAINT orders_check CHECK ((request_id IS NULL) <> (breach_id IS NULL));
ALTER TABLE orders ADD COLUMN about uuid NOT NULL GENERATED ALWAYS AS (coalesce(request_id, breach_id)) STORED;
CREATE INDEX orders_about ON orders (about, seq);
DROP TABLE subprocessor_change_customers, subprocessor_change_events, subprocessors_changing, subprocessor_changes;
ALTER TABLE controllers DROP COLUMN objection_days;
