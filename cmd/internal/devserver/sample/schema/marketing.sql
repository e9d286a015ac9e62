-- The newsletter and what its readers did with it.
CREATE TABLE contacts (
    id bigint PRIMARY KEY,
    email text NOT NULL UNIQUE,
    first_name text,
    last_name text,
    consent_at timestamptz NOT NULL,
    segments text[] NOT NULL,
    profile jsonb NOT NULL,
    restricted_at timestamptz
);
CREATE INDEX ON contacts (lower(btrim(email)));
CREATE TABLE campaign_sends (
    id bigint PRIMARY KEY,
    contact_id bigint NOT NULL REFERENCES contacts (id),
    campaign text NOT NULL,
    sent_at timestamptz NOT NULL,
    opened_at timestamptz,
    restricted_at timestamptz
);
CREATE INDEX ON campaign_sends (contact_id);
