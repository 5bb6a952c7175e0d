-- Links by which an empty installation gets its first tenant. Only their hashes are
-- here; making the tenant ends them all.
CREATE TABLE first_links (
	id         TEXT NOT NULL PRIMARY KEY,
	hash       BYTEA NOT NULL UNIQUE,
	expires_at BIGINT NOT NULL
);
