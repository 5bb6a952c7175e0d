-- The data model: tenants and everything a tenant owns.
--
-- Every table that belongs to a tenant has the primary key (tenant_id, id) and
-- refers to others of the same tenant only, so that the database itself refuses
-- a row that points across tenants. Times are Unix microseconds in UTC. Sealed
-- values begin with the format byte 01; the checks keep clear text out even if
-- the program forgets to seal.

CREATE TABLE key_checks (
	id          TEXT NOT NULL PRIMARY KEY,
	check_value TEXT NOT NULL,
	created_at  BIGINT NOT NULL
);

CREATE TABLE tenants (
	id           TEXT NOT NULL PRIMARY KEY,
	slug         TEXT NOT NULL UNIQUE,
	name         TEXT NOT NULL,
	callback_a   TEXT NOT NULL,
	callback_b   TEXT NOT NULL,
	method_limit BIGINT NOT NULL,
	disabled_at  BIGINT,
	deleted_at   BIGINT,
	created_at   BIGINT NOT NULL,
	updated_at   BIGINT NOT NULL,
	UNIQUE (callback_a, callback_b)
);

CREATE TABLE tenant_hosts (
	host       TEXT NOT NULL PRIMARY KEY,
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	created_at BIGINT NOT NULL
);

-- Wrapped data keys. Crypto-shredding of a tenant deletes its rows here.
CREATE TABLE data_keys (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	version    BIGINT NOT NULL,
	kek        TEXT NOT NULL,
	wrapped    BYTEA NOT NULL,
	active     BOOLEAN NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, version)
);

-- Every reference that was ever given, so that none is given twice and a
-- recreated name inherits nothing.
CREATE TABLE taken_references (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	kind       TEXT NOT NULL,
	reference  TEXT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, kind, reference)
);

CREATE TABLE methods (
	tenant_id        TEXT NOT NULL REFERENCES tenants (id),
	id               TEXT NOT NULL,
	reference        TEXT NOT NULL,
	name             TEXT NOT NULL,
	integration_type TEXT NOT NULL,
	mode             TEXT NOT NULL,
	environment_url  TEXT NOT NULL,
	client_id        TEXT NOT NULL,
	client_secret    BYTEA CHECK (client_secret IS NULL OR get_byte(client_secret, 0) = 1),
	secret_last4     TEXT NOT NULL,
	secret_set_at    BIGINT,
	client_version   BIGINT NOT NULL,
	scopes           TEXT NOT NULL,
	data_centre      TEXT NOT NULL,
	settings         TEXT NOT NULL,
	rev              BIGINT NOT NULL,
	created_at       BIGINT NOT NULL,
	updated_at       BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, reference)
);

CREATE TABLE method_environments (
	tenant_id         TEXT NOT NULL,
	id                TEXT NOT NULL,
	method_id         TEXT NOT NULL,
	environment       TEXT NOT NULL,
	enabled           BOOLEAN NOT NULL,
	client_id         TEXT NOT NULL,
	client_secret     BYTEA CHECK (client_secret IS NULL OR get_byte(client_secret, 0) = 1),
	secret_last4      TEXT NOT NULL,
	secret_set_at     BIGINT,
	client_version    BIGINT NOT NULL,
	environment_url   TEXT NOT NULL,
	rejected_code     TEXT NOT NULL,
	rejected_at       BIGINT,
	rejected_retry_at BIGINT,
	created_at        BIGINT NOT NULL,
	updated_at        BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, method_id, environment),
	FOREIGN KEY (tenant_id, method_id) REFERENCES methods (tenant_id, id)
);

CREATE TABLE connections (
	tenant_id         TEXT NOT NULL,
	id                TEXT NOT NULL,
	method_id         TEXT NOT NULL,
	environment       TEXT NOT NULL,
	subject           TEXT NOT NULL,
	data_centre       TEXT NOT NULL,
	instance_url      TEXT NOT NULL,
	api_domain        TEXT NOT NULL,
	account_id        TEXT NOT NULL,
	account_name      TEXT NOT NULL,
	account_email     TEXT NOT NULL,
	organization_id   TEXT NOT NULL,
	organization_name TEXT NOT NULL,
	organizations     TEXT NOT NULL,
	approved_by       TEXT NOT NULL,
	approved_at       BIGINT,
	created_at        BIGINT NOT NULL,
	updated_at        BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, method_id, environment, subject),
	FOREIGN KEY (tenant_id, method_id) REFERENCES methods (tenant_id, id)
);

-- What a connection holds: the OAuth grant. Apart from the connection because
-- only the refresh engine writes it, and writes it often. epoch is the fence:
-- each claim and each new consent raises it, and an answer applies only to the
-- epoch that asked. version counts the answers applied.
CREATE TABLE grants (
	tenant_id          TEXT NOT NULL,
	id                 TEXT NOT NULL,
	lineage            TEXT NOT NULL,
	epoch              BIGINT NOT NULL,
	version            BIGINT NOT NULL,
	refresh_token      BYTEA CHECK (refresh_token IS NULL OR get_byte(refresh_token, 0) = 1),
	refresh_expires_at BIGINT,
	access_token       BYTEA CHECK (access_token IS NULL OR get_byte(access_token, 0) = 1),
	token_id           TEXT NOT NULL,
	token_type         TEXT NOT NULL,
	scopes             TEXT NOT NULL,
	issued_at          BIGINT,
	expires_at         BIGINT,
	lease_owner        TEXT NOT NULL,
	lease_until        BIGINT,
	attempt_id         TEXT NOT NULL,
	attempt_version    BIGINT NOT NULL,
	attempt_token      TEXT NOT NULL,
	attempt_at         BIGINT,
	attempt_retry      BOOLEAN NOT NULL,
	failures           BIGINT NOT NULL,
	failure_code       TEXT NOT NULL,
	client_version     BIGINT NOT NULL,
	failed_at          BIGINT,
	retry_at           BIGINT,
	broken_code        TEXT NOT NULL,
	broken_at          BIGINT,
	refresh_at         BIGINT,
	last_lent_at       BIGINT,
	created_at         BIGINT NOT NULL,
	updated_at         BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, id) REFERENCES connections (tenant_id, id)
);

-- The due-time index of background refreshes: found by time, never by a scan.
CREATE INDEX grants_due ON grants (refresh_at) WHERE refresh_at IS NOT NULL;
-- Attempts whose answer is not applied: what recovery looks at.
CREATE INDEX grants_attempted ON grants (lease_until) WHERE lease_until IS NOT NULL;

-- Access tokens by their public id: what a rejection names. No secret is here.
CREATE TABLE tokens (
	tenant_id   TEXT NOT NULL,
	id          TEXT NOT NULL,
	grant_id    TEXT NOT NULL,
	version     BIGINT NOT NULL,
	issued_at   BIGINT NOT NULL,
	expires_at  BIGINT,
	rejected_at BIGINT,
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id)
);
CREATE INDEX tokens_of_grant ON tokens (tenant_id, grant_id);
CREATE INDEX tokens_by_end ON tokens (expires_at);

-- Raw answers of token endpoints, sealed, durable before anything reads them.
-- id is the attempt. An answer leaves when it is applied; a success that could
-- not be applied stays.
CREATE TABLE captures (
	tenant_id   TEXT NOT NULL,
	id          TEXT NOT NULL,
	grant_id    TEXT NOT NULL,
	lineage     TEXT NOT NULL,
	epoch       BIGINT NOT NULL,
	version     BIGINT NOT NULL,
	sent_at     BIGINT NOT NULL,
	answer      BYTEA NOT NULL CHECK (answer IS NULL OR get_byte(answer, 0) = 1),
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id)
);
CREATE INDEX captures_of_grant ON captures (tenant_id, grant_id);

CREATE TABLE consents (
	tenant_id       TEXT NOT NULL,
	id              TEXT NOT NULL,
	method_id       TEXT NOT NULL,
	environment     TEXT NOT NULL,
	subject         TEXT NOT NULL,
	status          TEXT NOT NULL,
	ticket_hash     BYTEA,
	state_hash      BYTEA,
	browser_hash    BYTEA,
	code_verifier   BYTEA CHECK (code_verifier IS NULL OR get_byte(code_verifier, 0) = 1),
	data_centre     TEXT NOT NULL,
	issuer          TEXT NOT NULL,
	redirect_uri    TEXT NOT NULL,
	scopes          TEXT NOT NULL,
	client_version  BIGINT NOT NULL,
	method_rev      BIGINT NOT NULL,
	started_by      TEXT NOT NULL,
	code            TEXT NOT NULL,
	detail          TEXT NOT NULL,
	notes           TEXT NOT NULL,
	answer          BYTEA CHECK (answer IS NULL OR get_byte(answer, 0) = 1),
	outcome         BYTEA CHECK (outcome IS NULL OR get_byte(outcome, 0) = 1),
	organizations   TEXT NOT NULL,
	connection_id   TEXT NOT NULL,
	expires_at      BIGINT NOT NULL,
	consumed_at     BIGINT,
	finished_at     BIGINT,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, state_hash),
	FOREIGN KEY (tenant_id, method_id) REFERENCES methods (tenant_id, id)
);
CREATE INDEX consents_of_method ON consents (tenant_id, method_id);
CREATE INDEX consents_by_age ON consents (created_at);

CREATE TABLE services (
	tenant_id   TEXT NOT NULL REFERENCES tenants (id),
	id          TEXT NOT NULL,
	name        TEXT NOT NULL,
	admin       BOOLEAN NOT NULL,
	disabled_at BIGINT,
	rev         BIGINT NOT NULL,
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, name)
);

CREATE TABLE permits (
	tenant_id   TEXT NOT NULL,
	id          TEXT NOT NULL,
	service_id  TEXT NOT NULL,
	for_tenant  TEXT NOT NULL,
	method      TEXT NOT NULL,
	environment TEXT NOT NULL,
	scopes      TEXT NOT NULL,
	created_at  BIGINT NOT NULL,
	updated_at  BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, service_id, for_tenant, method, environment),
	FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id)
);

-- An API key is looked up by its id, which it carries itself; only the hash of
-- its secret is here.
CREATE TABLE api_keys (
	tenant_id    TEXT NOT NULL,
	id           TEXT NOT NULL UNIQUE,
	service_id   TEXT NOT NULL,
	name         TEXT NOT NULL,
	hash         BYTEA NOT NULL,
	expires_at   BIGINT,
	revoked_at   BIGINT,
	last_used_at BIGINT,
	created_at   BIGINT NOT NULL,
	updated_at   BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id)
);
CREATE INDEX api_keys_of_service ON api_keys (tenant_id, service_id);

-- Who holds which token. The service may be the platform's, so it is named
-- without a foreign key into this tenant.
CREATE TABLE loans (
	tenant_id        TEXT NOT NULL,
	id               TEXT NOT NULL,
	service_id       TEXT NOT NULL,
	service_name     TEXT NOT NULL,
	grant_id         TEXT NOT NULL,
	token_id         TEXT NOT NULL,
	token_expires_at BIGINT,
	purpose          TEXT NOT NULL,
	lent             BIGINT NOT NULL,
	first_lent_at    BIGINT NOT NULL,
	last_lent_at     BIGINT NOT NULL,
	created_at       BIGINT NOT NULL,
	updated_at       BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, token_id, service_id),
	FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id)
);
CREATE INDEX loans_by_end ON loans (token_expires_at);

-- The audit log is a hash chain per tenant; audit_heads holds its end and is the
-- row that serialises writers.
CREATE TABLE audit_events (
	tenant_id     TEXT NOT NULL REFERENCES tenants (id),
	id            TEXT NOT NULL,
	seq           BIGINT NOT NULL,
	actor_kind    TEXT NOT NULL,
	actor_id      TEXT NOT NULL,
	actor_name    TEXT NOT NULL,
	action        TEXT NOT NULL,
	object_id     TEXT NOT NULL,
	object_ref    TEXT NOT NULL,
	request_id    TEXT NOT NULL,
	changes       TEXT NOT NULL,
	previous_hash BYTEA NOT NULL,
	hash          BYTEA NOT NULL,
	created_at    BIGINT NOT NULL,
	updated_at    BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, seq)
);
CREATE INDEX audit_events_of_object ON audit_events (tenant_id, object_id, seq);

CREATE TABLE audit_heads (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	seq        BIGINT NOT NULL,
	hash       BYTEA NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id)
);

-- What changed lately, for the caches of every process on this database. Written
-- in the transaction of the change, read by polling, pruned after an hour.
CREATE TABLE changes (
	seq        BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	tenant_id  TEXT NOT NULL,
	kind       TEXT NOT NULL,
	object_id  TEXT NOT NULL,
	created_at BIGINT NOT NULL
);
CREATE INDEX changes_by_time ON changes (created_at);
