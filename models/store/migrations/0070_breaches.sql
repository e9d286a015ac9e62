-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Hours within which a customer's contract wants it told of a breach of its data; 0: no hour is agreed.
ALTER TABLE controllers ADD COLUMN breach_hours integer NOT NULL DEFAULT 24 CHECK (breach_hours BETWEEN 0 AND 8760);

CREATE TABLE breaches (
    id          uuid PRIMARY KEY,
    reference   text NOT NULL UNIQUE,
    drill       boolean NOT NULL,
    source      text NOT NULL,
    state       text NOT NULL,
    reported_at timestamptz NOT NULL,
    aware_at    timestamptz,
    due_at      timestamptz,               -- to the authority, when that is owed; copies of the record, for lists
    closed_at   timestamptz,
    events      integer NOT NULL,          -- how many there are
    wrapped_key bytea NOT NULL,
    updated_at  timestamptz NOT NULL
);

CREATE INDEX breaches_open ON breaches (due_at, reported_at) WHERE closed_at IS NULL;

CREATE TABLE breach_events (
    breach_id    uuid NOT NULL REFERENCES breaches,
    no           integer NOT NULL,
    kind         text NOT NULL,
    actor_role   text NOT NULL,
    actor_id     uuid,
    at           timestamptz NOT NULL,
    facts        jsonb NOT NULL,           -- nothing personal
    words_sealed bytea,                    -- with the breach's key; NULL when nothing was said
    PRIMARY KEY (breach_id, no)
);

-- The record of a breach is evidence (Art. 33(5)): nothing in it is changed.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON breach_events FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON breach_events FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- The customers whose data is concerned, for what each of them may see.
CREATE TABLE breach_customers (
    id            uuid PRIMARY KEY,
    breach_id     uuid NOT NULL REFERENCES breaches,
    controller_id uuid NOT NULL REFERENCES controllers,
    token_hash    bytea NOT NULL UNIQUE,   -- of the link by which it acknowledges
    UNIQUE (breach_id, controller_id)
);

CREATE INDEX breach_customers_controller ON breach_customers (controller_id);

-- Which mails about a breach were sent, so that a retry sends none twice. Their text is not kept.
CREATE TABLE breach_mails (
    id         uuid PRIMARY KEY,
    breach_id  uuid NOT NULL REFERENCES breaches,
    key        text NOT NULL CHECK (key <> ''),
    created_at timestamptz NOT NULL,
    sent_at    timestamptz,
    UNIQUE (breach_id, key)
);

-- An order is about a request or about a breach. Those about one of them are carried out in their order.
ALTER TABLE orders ALTER COLUMN request_id DROP NOT NULL;
ALTER TABLE orders ADD COLUMN breach_id uuid REFERENCES breaches;
ALTER TABLE orders ADD CHECK ((request_id IS NULL) <> (breach_id IS NULL));
ALTER TABLE orders ADD COLUMN about uuid NOT NULL GENERATED ALWAYS AS (coalesce(request_id, breach_id)) STORED;
DROP INDEX orders_request;
CREATE INDEX orders_about ON orders (about, seq);

-- +goose Down
DELETE FROM orders WHERE breach_id IS NOT NULL;
ALTER TABLE orders DROP COLUMN about, DROP COLUMN breach_id;
ALTER TABLE orders ALTER COLUMN request_id SET NOT NULL;
CREATE INDEX orders_request ON orders (request_id, seq);
DROP TABLE breach_mails, breach_customers, breach_events, breaches;
ALTER TABLE controllers DROP COLUMN breach_hours;
