-- When the provider said who it was, by the provider's clock: its word that somebody
-- has signed out there is about what began before. NULL: an older release began it.
ALTER TABLE sessions ADD COLUMN proved_at BIGINT;
