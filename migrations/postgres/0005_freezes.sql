-- Freezes, the processes that must have heard of one, and two live client secrets.

-- The servers that run. Each writes its row every few seconds; one that ended
-- properly takes it away. applied is the number of the latest change that it had
-- heard of by then, grace_micros how long it lends from memory without news, keys a
-- JSON list of the key-encryption keys that it holds.
CREATE TABLE replicas (
	id           TEXT NOT NULL PRIMARY KEY,
	host         TEXT NOT NULL,
	version      TEXT NOT NULL,
	started_at   BIGINT NOT NULL,
	seen_at      BIGINT NOT NULL,
	grace_micros BIGINT NOT NULL,
	applied      BIGINT NOT NULL,
	keys         TEXT
);

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
	frozen_at  BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, method_id) REFERENCES methods (tenant_id, id),
	FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id)
);
