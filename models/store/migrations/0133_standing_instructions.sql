-- +goose Up
SET LOCAL lock_timeout = '5s';

-- What a customer has instructed once and for all: its requests of that right need no instruction of their own, Art. 28(3)(a).
CREATE TABLE standing_instructions (
    id            uuid PRIMARY KEY,
    controller_id uuid NOT NULL REFERENCES controllers,
    right_code    text NOT NULL,
    made_by       uuid NOT NULL,
    made_at       timestamptz NOT NULL,
    ended_by      uuid,
    ended_at      timestamptz,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);

CREATE UNIQUE INDEX standing_instructions_one ON standing_instructions (controller_id, right_code) WHERE ended_at IS NULL;

-- +goose Down
DROP TABLE standing_instructions;
