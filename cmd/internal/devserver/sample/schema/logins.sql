-- Accounts of the customer portal.
CREATE TABLE accounts (
    id uuid PRIMARY KEY,
    party_id bigint,
    email text NOT NULL UNIQUE,
    display_name text,
    password_hash text NOT NULL,
    settings jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    last_login_at timestamptz
);
CREATE INDEX ON accounts (lower(btrim(email)));
CREATE INDEX ON accounts (party_id);
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts (id),
    ip inet NOT NULL,
    user_agent text NOT NULL,
    started_at timestamptz NOT NULL
);
CREATE INDEX ON sessions (account_id);
CREATE TABLE login_attempts (
    id bigint PRIMARY KEY,
    email text NOT NULL,
    ip inet NOT NULL,
    succeeded boolean NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX ON login_attempts (lower(btrim(email)));
