-- Bookings and their packages. The consignee is a party of the database parties.
CREATE TABLE shipments (
    id bigint PRIMARY KEY,
    reference text NOT NULL UNIQUE,
    consignee_party_id bigint,
    shipper text NOT NULL,
    mode text NOT NULL,
    incoterm char(3) NOT NULL,
    origin char(5) NOT NULL,
    destination char(5) NOT NULL,
    booked_at timestamptz NOT NULL,
    status text NOT NULL,
    delivery_name text,
    delivery_phone text,
    details jsonb,
    on_behalf_of text
);
CREATE INDEX ON shipments (consignee_party_id);
CREATE TABLE packages (
    shipment_id bigint NOT NULL REFERENCES shipments (id),
    line_no integer NOT NULL,
    description text NOT NULL,
    hs_code text NOT NULL,
    container_no text,
    gross_kg numeric(10, 3) NOT NULL,
    on_behalf_of text,
    PRIMARY KEY (shipment_id, line_no)
);
CREATE TABLE handovers (
    shipment_id bigint NOT NULL,
    line_no integer NOT NULL,
    seq integer NOT NULL,
    handed_at timestamptz NOT NULL,
    received_by text,
    note text,
    on_behalf_of text,
    PRIMARY KEY (shipment_id, line_no, seq),
    FOREIGN KEY (shipment_id, line_no) REFERENCES packages (shipment_id, line_no)
);
