-- Freight invoices and what was paid on them.
CREATE TABLE invoices (
    id bigint PRIMARY KEY,
    number text NOT NULL UNIQUE,
    party_id bigint NOT NULL,
    issued_on date NOT NULL,
    bill_to_name text NOT NULL,
    bill_to_email text,
    bill_to_address text,
    total numeric(12, 2) NOT NULL,
    currency char(3) NOT NULL,
    restricted_at timestamptz
);
CREATE INDEX ON invoices (party_id);
CREATE TABLE invoice_lines (
    invoice_id bigint NOT NULL REFERENCES invoices (id),
    line_no integer NOT NULL,
    description text NOT NULL,
    amount numeric(12, 2) NOT NULL,
    issued_on date NOT NULL,
    restricted_at timestamptz,
    PRIMARY KEY (invoice_id, line_no)
);
CREATE TABLE payments (
    id bigint PRIMARY KEY,
    invoice_id bigint NOT NULL REFERENCES invoices (id),
    iban text,
    account_holder text,
    amount numeric(12, 2) NOT NULL,
    received_on date NOT NULL,
    restricted_at timestamptz
);
CREATE INDEX ON payments (invoice_id);
