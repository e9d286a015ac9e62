-- What happened to a shipment on its way, and who wants to be told.
CREATE TABLE events (
    id bigint PRIMARY KEY,
    shipment_id bigint NOT NULL,
    at timestamptz NOT NULL,
    code text NOT NULL,
    location char(5) NOT NULL,
    signed_by text,
    position text,
    on_behalf_of text
);
CREATE INDEX ON events (shipment_id);
CREATE TABLE watchers (
    id bigint PRIMARY KEY,
    shipment_id bigint NOT NULL,
    email text NOT NULL,
    created_at timestamptz NOT NULL,
    on_behalf_of text
);
CREATE INDEX ON watchers (shipment_id);
CREATE INDEX ON watchers (lower(btrim(email)));
