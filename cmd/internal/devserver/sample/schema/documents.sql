-- Letters and confirmations about shipments. A corrected letter supersedes an earlier one.
CREATE TABLE letters (
    id uuid PRIMARY KEY,
    shipment_id bigint NOT NULL,
    document_date date NOT NULL,
    addressee text NOT NULL,
    body text NOT NULL,
    supersedes_id uuid REFERENCES letters (id),
    restricted_at timestamptz,
    on_behalf_of text
);
CREATE INDEX ON letters (shipment_id);
CREATE INDEX ON letters (supersedes_id);
CREATE TABLE delivery_confirmations (
    id uuid PRIMARY KEY,
    shipment_id bigint NOT NULL,
    document_date date NOT NULL,
    signed_by text NOT NULL,
    contact_email text,
    remark text,
    restricted_at timestamptz,
    on_behalf_of text
);
CREATE INDEX ON delivery_confirmations (shipment_id);
