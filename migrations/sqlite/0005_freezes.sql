-- Freezes, the processes that must have heard of one, and two live client secrets.

-- The servers that run. Each writes its row every few seconds; one that ended
-- properly takes it away. applied is the number of the latest change that it had
-- heard of by then, grace_micros how long it lends from memory without news, keys a
-- JSON list of the key-encryption keys that it holds.
CREATE TABLE replicas (
	id           TEXT NOT NULL PRIMARY KEY,
	host         TEXT NOT NULL,
	version      TEXT NOT NULL,
	started_at   INTEGER NOT NULL,
	seen_at      INTEGER NOT NULL,
	grace_micros INTEGER NOT NULL,
	applied      INTEGER NOT NULL,
	keys         TEXT
) STRICT;

-- What is frozen. The id is "tenant" for the tenant itself, "everything" (which only
-- the platform has) for the whole installation, or that of the method or service, so
-- that nothing is frozen twice. A freeze that was lifted is gone; the audit log has it.
-- lifted_by says who may do that: administrator or operator.
CREATE TABLE freezes (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	scope      TEXT NOT NULL,
	method_id  TEXT,
	service_id TEXT,
	reason     TEXT NOT NULL,
	actor_kind TEXT NOT NULL,
	actor_id   TEXT NOT NULL,
	actor_name TEXT NOT NULL,
	lifted_by  TEXT NOT NULL,
	frozen_at  INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, method_id) REFERENCES methods (tenant_id, id),
	FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id)
) STRICT;

-- The client secret before the present one, while both may be good.
ALTER TABLE methods ADD COLUMN previous_secret BLOB CHECK (previous_secret IS NULL OR substr(previous_secret, 1, 1) = x'01');
ALTER TABLE methods ADD COLUMN previous_last4 TEXT NOT NULL DEFAULT '';
ALTER TABLE methods ADD COLUMN previous_until INTEGER;
ALTER TABLE method_environments ADD COLUMN previous_secret BLOB CHECK (previous_secret IS NULL OR substr(previous_secret, 1, 1) = x'01');
ALTER TABLE method_environments ADD COLUMN previous_last4 TEXT NOT NULL DEFAULT '';
ALTER TABLE method_environments ADD COLUMN previous_until INTEGER;
