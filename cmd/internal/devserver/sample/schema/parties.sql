-- Who takes part in a shipment: private persons and the contact persons of companies.
CREATE TABLE companies (
    id bigint PRIMARY KEY,
    legal_name text NOT NULL,
    vat_id text NOT NULL,
    eori text,
    country_code char(2) NOT NULL,
    parent_id bigint REFERENCES companies (id)
);
CREATE TABLE addresses (
    id bigint PRIMARY KEY,
    street text,
    postal_code text,
    city text,
    country_code char(2) NOT NULL,
    on_behalf_of text
);
CREATE TABLE parties (
    id bigint PRIMARY KEY,
    customer_no text NOT NULL UNIQUE,
    full_name text NOT NULL,
    email text,
    phone text,
    company_id bigint REFERENCES companies (id),
    address_id bigint REFERENCES addresses (id),
    preferences jsonb NOT NULL DEFAULT '{}',
    on_behalf_of text,
    created_at timestamptz NOT NULL
);
CREATE INDEX ON parties (lower(btrim(email)));
CREATE INDEX ON parties (address_id);
CREATE INDEX ON parties (company_id);
