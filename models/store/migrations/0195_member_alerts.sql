-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Mails to a person about the safety of their account. They are written in the transaction of what they tell of, and sent by the worker.
CREATE TABLE member_alerts (
    id           uuid PRIMARY KEY,
    member_id    uuid NOT NULL REFERENCES members,
    kind         text NOT NULL,
    at           timestamptz NOT NULL,               -- of the latest occurrence that the mail tells of
    times        integer NOT NULL DEFAULT 1,         -- how many it tells of
    facts        jsonb NOT NULL DEFAULT '{}',        -- words of the code and identifiers, nothing personal
    place_sealed bytea NOT NULL,
    created_at   timestamptz NOT NULL,
    mail_at      timestamptz,                        -- earliest instant at which it is sent; NULL when there is nothing more to send
    attempts     integer NOT NULL DEFAULT 0
);

CREATE INDEX member_alerts_pace ON member_alerts (member_id, kind, created_at);
CREATE INDEX member_alerts_mail ON member_alerts (mail_at) WHERE mail_at IS NOT NULL;

-- From where a link was asked for; NULL where whoever manages accounts ordered it.
ALTER TABLE member_links ADD COLUMN place_sealed bytea;

-- +goose Down
ALTER TABLE member_links DROP COLUMN place_sealed;
DROP TABLE member_alerts;
