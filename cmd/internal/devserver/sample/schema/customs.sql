-- Import declarations, which Nordkai lodges for the consignee.
CREATE TABLE declarations (
    mrn char(18) PRIMARY KEY,
    shipment_id bigint NOT NULL,
    procedure_code char(4) NOT NULL,
    accepted_on date NOT NULL,
    office char(8) NOT NULL,
    importer_name text NOT NULL,
    importer_email text,
    customs_value numeric(12, 2) NOT NULL,
    currency char(3) NOT NULL,
    restricted_at timestamptz
);
CREATE INDEX ON declarations (shipment_id);
CREATE TABLE declaration_items (
    mrn char(18) NOT NULL REFERENCES declarations (mrn),
    item_no integer NOT NULL,
    hs_code text NOT NULL,
    description text NOT NULL,
    net_kg numeric(10, 3) NOT NULL,
    duty numeric(12, 2) NOT NULL,
    accepted_on date NOT NULL,
    restricted_at timestamptz,
    PRIMARY KEY (mrn, item_no)
);
