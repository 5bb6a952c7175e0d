-- Links by which an empty installation gets its first tenant. Only their hashes are
-- here; making the tenant ends them all.
CREATE TABLE first_links (
	id         TEXT NOT NULL PRIMARY KEY,
	hash       BLOB NOT NULL UNIQUE,
	expires_at INTEGER NOT NULL
) STRICT;
