-- +goose Up
SET LOCAL lock_timeout = '5s';

-- The signed answer of a processor that was handed a notice by OpenDSR, with the request's key. Its digest is in the ledger.
ALTER TABLE notices ADD COLUMN proof_sealed bytea;

-- +goose Down
ALTER TABLE notices DROP COLUMN proof_sealed;
