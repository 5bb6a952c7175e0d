-- How far back the audit log goes. The events up to number kept_after were removed,
-- because they were older than is kept; kept_hash is the hash of the last of them, on
-- which the chain goes on. An event in the chain itself says the same.
ALTER TABLE audit_heads ADD COLUMN kept_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE audit_heads ADD COLUMN kept_hash BLOB;
