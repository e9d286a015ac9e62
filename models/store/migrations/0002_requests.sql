-- +goose Up
SET LOCAL lock_timeout = '5s';

CREATE TABLE requests (
    id            uuid PRIMARY KEY,
    reference     text NOT NULL UNIQUE,
    controller_id uuid NOT NULL REFERENCES controllers,
    right_code    text NOT NULL,
    state         text NOT NULL,
    state_no      integer NOT NULL DEFAULT 0, -- how many states it went through: a decision counts for the one it was taken in
    outcome       text NOT NULL DEFAULT '',
    channel       text NOT NULL,
    language      text NOT NULL,
    received_at   timestamptz NOT NULL,
    verified_at   timestamptz,
    closed_at     timestamptz,
    subject_index bytea,                      -- keyed index of the e-mail address; NULL once shredded
    submission_id uuid NOT NULL,              -- the submission whose subject counts: the first verified one
    wrapped_key   bytea,                      -- NULL once destroyed
    shredded_at   timestamptz,
    clock         jsonb NOT NULL,
    due_before    timestamptz,                -- copy of the clock's instant, for the inbox
    plan_version  integer NOT NULL DEFAULT 0,
    updated_at    timestamptz NOT NULL,
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((wrapped_key IS NULL) = (shredded_at IS NOT NULL))
);

-- One open request per person and right.
CREATE UNIQUE INDEX requests_one_open ON requests (controller_id, right_code, subject_index) WHERE closed_at IS NULL;
CREATE INDEX requests_due ON requests (due_before, id) WHERE closed_at IS NULL;
CREATE INDEX requests_subject ON requests (subject_index) WHERE subject_index IS NOT NULL;
CREATE INDEX requests_shreddable ON requests (closed_at) WHERE wrapped_key IS NOT NULL;

CREATE TABLE submissions (
    id                uuid PRIMARY KEY,
    request_id        uuid NOT NULL REFERENCES requests,
    controller_id     uuid NOT NULL REFERENCES controllers,
    submitted_at      timestamptz NOT NULL,
    channel           text NOT NULL,
    language          text NOT NULL,
    actor_role        text NOT NULL,
    actor_id          uuid,
    status_token_hash bytea NOT NULL UNIQUE,
    subject_sealed    bytea NOT NULL, -- with the request's key
    verified_at       timestamptz,
    resend_due        boolean NOT NULL DEFAULT false
);

CREATE INDEX submissions_request ON submissions (request_id);

CREATE TABLE verifications (
    id            uuid PRIMARY KEY,
    submission_id uuid NOT NULL REFERENCES submissions,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    address_index bytea,          -- keyed index of the address, counts mails a day; NULL once shredded
    token_hash    bytea NOT NULL UNIQUE,
    code_hash     bytea NOT NULL,
    issued_at     timestamptz NOT NULL,
    expires_at    timestamptz NOT NULL,
    sent_at       timestamptz,    -- when the mail was handed over
    used_at       timestamptz,
    superseded_at timestamptz,
    attempts      integer NOT NULL DEFAULT 0
);

CREATE INDEX verifications_submission ON verifications (submission_id, issued_at);
CREATE INDEX verifications_address ON verifications (address_index, issued_at) WHERE address_index IS NOT NULL;

CREATE TABLE idempotency_keys (
    scope         text NOT NULL,
    key_hash      bytea NOT NULL,
    fingerprint   bytea NOT NULL,
    submission_id uuid NOT NULL,
    repeated      boolean NOT NULL,
    created_at    timestamptz NOT NULL,
    PRIMARY KEY (scope, key_hash)
);

CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

CREATE TABLE decisions (
    seq           bigint GENERATED ALWAYS AS IDENTITY UNIQUE, -- in the order taken: a request's row is locked meanwhile
    id            uuid PRIMARY KEY,
    request_id    uuid NOT NULL REFERENCES requests,
    controller_id uuid NOT NULL REFERENCES controllers,
    kind          text NOT NULL,
    actor_role    text NOT NULL,
    actor_id      uuid,
    decided_at    timestamptz NOT NULL,
    state         text NOT NULL,
    state_no      integer NOT NULL,
    reason_sealed bytea,          -- with the request's key; NULL without a reason
    plan_digest   text NOT NULL DEFAULT '',
    choices       jsonb NOT NULL DEFAULT '{}',
    notice_id     uuid,
    notified_at   timestamptz    -- when the person was told of it
);

CREATE INDEX decisions_request ON decisions (request_id, seq);

CREATE TABLE orders (
    seq          bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    id           uuid PRIMARY KEY,
    request_id   uuid NOT NULL REFERENCES requests,
    kind         text NOT NULL,
    name         text NOT NULL DEFAULT '',
    decision_id  uuid,
    notice_id    uuid,
    deferral_id  uuid,
    created_at   timestamptz NOT NULL,
    available_at timestamptz NOT NULL, -- moved on by a claim (its lease) and by a delay
    attempts     integer NOT NULL DEFAULT 0,
    last_code    text NOT NULL DEFAULT ''
);

CREATE INDEX orders_request ON orders (request_id, seq);
CREATE INDEX orders_available ON orders (available_at);

-- +goose Down
DROP TABLE orders, decisions, idempotency_keys, verifications, submissions, requests;
