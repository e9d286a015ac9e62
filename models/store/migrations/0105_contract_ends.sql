-- +goose Up
SET LOCAL lock_timeout = '5s';

-- The end of a customer's contract, Art. 28(3)(g): what is returned and erased are requests.
CREATE TABLE contract_ends (
    id            uuid PRIMARY KEY,
    reference     text NOT NULL UNIQUE,
    controller_id uuid NOT NULL REFERENCES controllers,
    state         text NOT NULL,
    ordered_at    timestamptz NOT NULL,
    closed_at     timestamptz,
    returns_id    uuid REFERENCES requests,
    erases_id     uuid REFERENCES requests,
    events        integer NOT NULL,        -- how many there are
    wrapped_key   bytea NOT NULL,
    updated_at    timestamptz NOT NULL
);

-- One at a time for each customer.
CREATE UNIQUE INDEX contract_ends_one_open ON contract_ends (controller_id) WHERE closed_at IS NULL;
CREATE INDEX contract_ends_controller ON contract_ends (controller_id);
CREATE INDEX contract_ends_returns ON contract_ends (returns_id) WHERE returns_id IS NOT NULL;
CREATE INDEX contract_ends_erases ON contract_ends (erases_id) WHERE erases_id IS NOT NULL;

CREATE TABLE contract_end_events (
    contract_end_id uuid NOT NULL REFERENCES contract_ends,
    no              integer NOT NULL,
    kind            text NOT NULL,
    actor_role      text NOT NULL,
    actor_id        uuid,
    at              timestamptz NOT NULL,
    facts           jsonb NOT NULL,        -- nothing personal
    reason_sealed   bytea,                 -- with the key of the contract's end; NULL without a reason
    PRIMARY KEY (contract_end_id, no)
);

-- Who ordered and approved it, and what became of it, is evidence: nothing in it is changed.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON contract_end_events FOR EACH ROW EXECUTE FUNCTION ledger_append_only();
CREATE TRIGGER never_truncated BEFORE TRUNCATE ON contract_end_events FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();

-- An order is about a request, a breach, a change of subprocessors or the end of a contract.
ALTER TABLE orders ADD COLUMN contract_end_id uuid REFERENCES contract_ends;
DROP INDEX orders_about;
ALTER TABLE orders DROP COLUMN about;
ALTER TABLE orders DROP CONSTRAINT orders_check;
ALTER TABLE orders ADD CONSTRAINT orders_check CHECK (num_nonnulls(request_id, breach_id, change_id, contract_end_id) = 1);
ALTER TABLE orders ADD COLUMN about uuid NOT NULL GENERATED ALWAYS AS (coalesce(request_id, breach_id, change_id, contract_end_id)) STORED;
CREATE INDEX orders_about ON orders (about, seq);

-- +goose Down
DELETE FROM orders WHERE contract_end_id IS NOT NULL;
DROP INDEX orders_about;
ALTER TABLE orders DROP COLUMN about;
ALTER TABLE orders DROP CONSTRAINT orders_check;
ALTER TABLE orders DROP COLUMN contract_end_id;
ALTER TABLE orders ADD CONSTRAINT orders_check CHECK (num_nonnulls(request_id, breach_id, change_id) = 1);
ALTER TABLE orders ADD COLUMN about uuid NOT NULL GENERATED ALWAYS AS (coalesce(request_id, breach_id, change_id)) STORED;
CREATE INDEX orders_about ON orders (about, seq);
DROP TABLE contract_end_events, contract_ends;
