-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Accounts of people: of staff, and of customers. What is personal is sealed with the installation's own key.
CREATE TABLE members (
    id             uuid PRIMARY KEY,
    controller_id  uuid REFERENCES controllers, -- of a customer's people; NULL for the operator's staff
    role           text NOT NULL,
    state          text NOT NULL CHECK (state IN ('invited', 'active', 'deactivated')),
    email_index    bytea NOT NULL,              -- keyed; the address by which somebody signs in
    email_sealed   bytea NOT NULL,
    name_sealed    bytea NOT NULL,
    password_hash  text NOT NULL DEFAULT '',    -- argon2id; empty without a password
    password_at    timestamptz,
    totp_sealed    bytea,                       -- secret of the authenticator app
    totp_at        timestamptz,                 -- since when it counts; NULL while it is being set up
    totp_step      bigint NOT NULL DEFAULT 0,   -- of the last code that was taken: none is taken twice
    sso_index      bytea UNIQUE,                -- keyed; issuer and subject of the identity provider
    created_at     timestamptz NOT NULL,
    activated_at   timestamptz,
    deactivated_at timestamptz
);

-- One account an address; a deactivated one gives it free.
CREATE UNIQUE INDEX members_email ON members (email_index) WHERE state <> 'deactivated';
CREATE INDEX members_controller ON members (controller_id);

-- One-time links: invitations, and to set a new password. A row without a member stands for an address that nobody has, so that asking for it
-- takes the same work; nothing is sent for it.
CREATE TABLE member_links (
    id          uuid PRIMARY KEY,
    member_id   uuid REFERENCES members,
    email_index bytea NOT NULL,
    purpose     text NOT NULL CHECK (purpose IN ('invitation', 'password')),
    token_hash  bytea NOT NULL UNIQUE,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    ended_at    timestamptz,                    -- used, or superseded by a newer one
    used        boolean NOT NULL DEFAULT false,
    mail_at     timestamptz,                    -- earliest instant at which it is sent; NULL when there is nothing more to send
    attempts    integer NOT NULL DEFAULT 0
);

CREATE INDEX member_links_member ON member_links (member_id);
CREATE INDEX member_links_asked ON member_links (email_index, created_at);
CREATE INDEX member_links_mail ON member_links (mail_at) WHERE mail_at IS NOT NULL;

-- Where somebody is signed in, and was.
CREATE TABLE member_sessions (
    id           uuid PRIMARY KEY,
    member_id    uuid NOT NULL REFERENCES members,
    method       text NOT NULL,                 -- what was shown: password, password+totp, password+recovery, passkey, sso …
    place_sealed bytea NOT NULL,                -- network, shortened, and device
    created_at   timestamptz NOT NULL,
    seen_at      timestamptz NOT NULL,          -- to the minute
    ended_at     timestamptz
);

CREATE INDEX member_sessions_member ON member_sessions (member_id, created_at DESC);

-- What a person can look at about their own account: signing in, and what failed.
CREATE TABLE member_events (
    id           uuid PRIMARY KEY,
    member_id    uuid NOT NULL REFERENCES members,
    at           timestamptz NOT NULL,
    kind         text NOT NULL,
    place_sealed bytea NOT NULL
);

CREATE INDEX member_events_member ON member_events (member_id, at DESC);

-- Browsers from which somebody has signed in. Strangers' attempts do not count against these.
CREATE TABLE member_devices (
    id         uuid PRIMARY KEY,
    member_id  uuid NOT NULL REFERENCES members,
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    seen_at    timestamptz NOT NULL
);

CREATE INDEX member_devices_member ON member_devices (member_id);

-- Attempts to sign in that have not succeeded, by address (whether or not anybody has it) and by where from, both keyed. Forgotten after a month.
CREATE TABLE sign_in_attempts (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('password', 'code')),
    email_index  bytea NOT NULL,
    source       bytea NOT NULL,
    device_id    uuid,                          -- of a browser that is known
    at           timestamptz NOT NULL,
    place_sealed bytea NOT NULL                 -- for the person's own log
);

CREATE INDEX sign_in_attempts_email ON sign_in_attempts (email_index, at);
CREATE INDEX sign_in_attempts_source ON sign_in_attempts (source, at);
CREATE INDEX sign_in_attempts_old ON sign_in_attempts (at);

CREATE TABLE member_recovery_codes (
    member_id uuid NOT NULL REFERENCES members,
    code_hash bytea NOT NULL,                   -- keyed
    used_at   timestamptz,
    PRIMARY KEY (member_id, code_hash)
);

CREATE TABLE member_passkeys (
    id            uuid PRIMARY KEY,
    member_id     uuid NOT NULL REFERENCES members,
    credential_id bytea NOT NULL UNIQUE,
    record_sealed bytea NOT NULL,               -- public key and counters
    name_sealed   bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    used_at       timestamptz
);

CREATE INDEX member_passkeys_member ON member_passkeys (member_id);

-- +goose Down
DROP TABLE member_passkeys, member_recovery_codes, sign_in_attempts, member_devices, member_events, member_sessions, member_links, members;
