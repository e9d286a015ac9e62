-- +goose Up
SET LOCAL lock_timeout = '5s';

-- Where a controller wants to be told of what happens to its requests.
CREATE TABLE webhook_endpoints (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controllers,
    url_sealed    bytea NOT NULL,              -- with the installation's own key: an address may hold a token
    secret_sealed bytea NOT NULL,              -- likewise
    former_sealed bytea,                       -- the secret before the last rotation, which signs as well until former_until
    former_until  timestamptz,
    events        jsonb NOT NULL,              -- kinds
    active        boolean NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE INDEX webhook_endpoints_controller ON webhook_endpoints (controller_id);

-- Messages on their way: to a controller's webhook, or to the address that an OpenDSR request named for its status. They are written with what
-- they tell, and hold nothing personal.
CREATE TABLE webhook_deliveries (
    seq           bigint GENERATED ALWAYS AS IDENTITY,
    id            uuid PRIMARY KEY,            -- the message's identifier, the same each time it is sent
    controller_id uuid NOT NULL REFERENCES controllers,
    endpoint_id   uuid REFERENCES webhook_endpoints,
    callback_id   uuid,                        -- or of OpenDSR
    lane          uuid NOT NULL GENERATED ALWAYS AS (coalesce(endpoint_id, callback_id)) STORED,
    key           text NOT NULL,               -- what is told, once an endpoint
    event         text NOT NULL,
    body          bytea,                       -- NULL for a callback, whose body is made when it is sent
    state         text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed')),
    attempts      integer NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    next_at       timestamptz NOT NULL,        -- earliest instant of the next attempt, or the end of the lease of the present one
    leased        boolean NOT NULL DEFAULT false,
    give_up_at    timestamptz NOT NULL,
    delivered_at  timestamptz,
    last_code     text NOT NULL DEFAULT '',
    last_status   integer NOT NULL DEFAULT 0,
    CHECK ((endpoint_id IS NULL) <> (callback_id IS NULL)),
    UNIQUE (lane, key)
);

CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_lane ON webhook_deliveries (lane, seq) WHERE state = 'waiting';
CREATE INDEX webhook_deliveries_shown ON webhook_deliveries (endpoint_id, seq DESC);

-- +goose Down
DROP TABLE webhook_deliveries, webhook_endpoints;
