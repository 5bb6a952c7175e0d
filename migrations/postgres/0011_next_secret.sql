-- The client secret that follows the present one: it is tried where the provider refuses
-- that one, and takes its place when it is accepted. next_changes counts those of the
-- changes in client_version that it alone made: what was begun at the provider before one
-- of them may end after it.
ALTER TABLE methods ADD COLUMN next_client_secret BYTEA CHECK (next_client_secret IS NULL OR get_byte(next_client_secret, 0) = 1);
ALTER TABLE methods ADD COLUMN next_secret_last4 TEXT NOT NULL DEFAULT '';
ALTER TABLE methods ADD COLUMN next_secret_set_at BIGINT;
ALTER TABLE methods ADD COLUMN next_changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE method_environments ADD COLUMN next_client_secret BYTEA CHECK (next_client_secret IS NULL OR get_byte(next_client_secret, 0) = 1);
ALTER TABLE method_environments ADD COLUMN next_secret_last4 TEXT NOT NULL DEFAULT '';
ALTER TABLE method_environments ADD COLUMN next_secret_set_at BIGINT;
ALTER TABLE method_environments ADD COLUMN next_changes BIGINT NOT NULL DEFAULT 0;
