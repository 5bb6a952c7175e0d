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
	created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE tenants (
	id           TEXT NOT NULL PRIMARY KEY,
	slug         TEXT NOT NULL UNIQUE,
	name         TEXT NOT NULL,
	callback_a   TEXT NOT NULL,
	callback_b   TEXT NOT NULL,
	method_limit INTEGER NOT NULL,
	disabled_at  INTEGER,
	deleted_at   INTEGER,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	UNIQUE (callback_a, callback_b)
) STRICT;

CREATE TABLE tenant_hosts (
	host       TEXT NOT NULL PRIMARY KEY,
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	created_at INTEGER NOT NULL
) STRICT;

-- Wrapped data keys. Crypto-shredding of a tenant deletes its rows here.
CREATE TABLE data_keys (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	version    INTEGER NOT NULL,
	kek        TEXT NOT NULL,
	wrapped    BLOB NOT NULL,
	active     INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, version)
) STRICT;

-- Every reference that was ever given, so that none is given twice and a
-- recreated name inherits nothing.
CREATE TABLE taken_references (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	kind       TEXT NOT NULL,
	reference  TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, kind, reference)
) STRICT;

CREATE TABLE methods (
	tenant_id        TEXT NOT NULL REFERENCES tenants (id),
	id               TEXT NOT NULL,
	reference        TEXT NOT NULL,
	name             TEXT NOT NULL,
	integration_type TEXT NOT NULL,
	mode             TEXT NOT NULL,
	environment_url  TEXT NOT NULL,
	client_id        TEXT NOT NULL,
	client_secret    BLOB CHECK (client_secret IS NULL OR substr(client_secret, 1, 1) = x'01'),
	secret_last4     TEXT NOT NULL,
	secret_set_at    INTEGER,
	client_version   INTEGER NOT NULL,
	scopes           TEXT NOT NULL,
	data_centre      TEXT NOT NULL,
	settings         TEXT NOT NULL,
	rev              INTEGER NOT NULL,
	created_at       INTEGER NOT NULL,
	updated_at       INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, reference)
) STRICT;

CREATE TABLE method_environments (
	tenant_id         TEXT NOT NULL,
	id                TEXT NOT NULL,
	method_id         TEXT NOT NULL,
	environment       TEXT NOT NULL,
	enabled           INTEGER NOT NULL,
	client_id         TEXT NOT NULL,
	client_secret     BLOB CHECK (client_secret IS NULL OR substr(client_secret, 1, 1) = x'01'),
	secret_last4      TEXT NOT NULL,
	secret_set_at     INTEGER,
	client_version    INTEGER NOT NULL,
	environment_url   TEXT NOT NULL,
	rejected_code     TEXT NOT NULL,
	rejected_at       INTEGER,
	rejected_retry_at INTEGER,
	created_at        INTEGER NOT NULL,
	updated_at        INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, method_id, environment),
	FOREIGN KEY (tenant_id, method_id) REFERENCES methods (tenant_id, id)
) STRICT;

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
	approved_at       INTEGER,
	created_at        INTEGER NOT NULL,
	updated_at        INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, method_id, environment, subject),
	FOREIGN KEY (tenant_id, method_id) REFERENCES methods (tenant_id, id)
) STRICT;

-- What a connection holds: the OAuth grant. Apart from the connection because
-- only the refresh engine writes it, and writes it often. epoch is the fence:
-- each claim and each new consent raises it, and an answer applies only to the
-- epoch that asked. version counts the answers applied.
CREATE TABLE grants (
	tenant_id          TEXT NOT NULL,
	id                 TEXT NOT NULL,
	lineage            TEXT NOT NULL,
	epoch              INTEGER NOT NULL,
	version            INTEGER NOT NULL,
	refresh_token      BLOB CHECK (refresh_token IS NULL OR substr(refresh_token, 1, 1) = x'01'),
	refresh_expires_at INTEGER,
	access_token       BLOB CHECK (access_token IS NULL OR substr(access_token, 1, 1) = x'01'),
	token_id           TEXT NOT NULL,
	token_type         TEXT NOT NULL,
	scopes             TEXT NOT NULL,
	issued_at          INTEGER,
	expires_at         INTEGER,
	lease_owner        TEXT NOT NULL,
	lease_until        INTEGER,
	attempt_id         TEXT NOT NULL,
	attempt_version    INTEGER NOT NULL,
	attempt_token      TEXT NOT NULL,
	attempt_at         INTEGER,
	attempt_retry      INTEGER NOT NULL,
	failures           INTEGER NOT NULL,
	failure_code       TEXT NOT NULL,
	client_version     INTEGER NOT NULL,
	failed_at          INTEGER,
	retry_at           INTEGER,
	broken_code        TEXT NOT NULL,
	broken_at          INTEGER,
	refresh_at         INTEGER,
	last_lent_at       INTEGER,
	created_at         INTEGER NOT NULL,
	updated_at         INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, id) REFERENCES connections (tenant_id, id)
) STRICT;

-- The due-time index of background refreshes: found by time, never by a scan.
CREATE INDEX grants_due ON grants (refresh_at) WHERE refresh_at IS NOT NULL;
-- Attempts whose answer is not applied: what recovery looks at.
CREATE INDEX grants_attempted ON grants (lease_until) WHERE lease_until IS NOT NULL;

-- Access tokens by their public id: what a rejection names. No secret is here.
CREATE TABLE tokens (
	tenant_id   TEXT NOT NULL,
	id          TEXT NOT NULL,
	grant_id    TEXT NOT NULL,
	version     INTEGER NOT NULL,
	issued_at   INTEGER NOT NULL,
	expires_at  INTEGER,
	rejected_at INTEGER,
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id)
) STRICT;
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
	epoch       INTEGER NOT NULL,
	version     INTEGER NOT NULL,
	sent_at     INTEGER NOT NULL,
	answer      BLOB NOT NULL CHECK (answer IS NULL OR substr(answer, 1, 1) = x'01'),
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id)
) STRICT;
CREATE INDEX captures_of_grant ON captures (tenant_id, grant_id);

CREATE TABLE consents (
	tenant_id       TEXT NOT NULL,
	id              TEXT NOT NULL,
	method_id       TEXT NOT NULL,
	environment     TEXT NOT NULL,
	subject         TEXT NOT NULL,
	status          TEXT NOT NULL,
	ticket_hash     BLOB,
	state_hash      BLOB,
	browser_hash    BLOB,
	code_verifier   BLOB CHECK (code_verifier IS NULL OR substr(code_verifier, 1, 1) = x'01'),
	data_centre     TEXT NOT NULL,
	issuer          TEXT NOT NULL,
	redirect_uri    TEXT NOT NULL,
	scopes          TEXT NOT NULL,
	client_version  INTEGER NOT NULL,
	method_rev      INTEGER NOT NULL,
	started_by      TEXT NOT NULL,
	code            TEXT NOT NULL,
	detail          TEXT NOT NULL,
	notes           TEXT NOT NULL,
	answer          BLOB CHECK (answer IS NULL OR substr(answer, 1, 1) = x'01'),
	outcome         BLOB CHECK (outcome IS NULL OR substr(outcome, 1, 1) = x'01'),
	organizations   TEXT NOT NULL,
	connection_id   TEXT NOT NULL,
	expires_at      INTEGER NOT NULL,
	consumed_at     INTEGER,
	finished_at     INTEGER,
	created_at      INTEGER NOT NULL,
	updated_at      INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, state_hash),
	FOREIGN KEY (tenant_id, method_id) REFERENCES methods (tenant_id, id)
) STRICT;
CREATE INDEX consents_of_method ON consents (tenant_id, method_id);
CREATE INDEX consents_by_age ON consents (created_at);

CREATE TABLE services (
	tenant_id   TEXT NOT NULL REFERENCES tenants (id),
	id          TEXT NOT NULL,
	name        TEXT NOT NULL,
	admin       INTEGER NOT NULL,
	disabled_at INTEGER,
	rev         INTEGER NOT NULL,
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE permits (
	tenant_id   TEXT NOT NULL,
	id          TEXT NOT NULL,
	service_id  TEXT NOT NULL,
	for_tenant  TEXT NOT NULL,
	method      TEXT NOT NULL,
	environment TEXT NOT NULL,
	scopes      TEXT NOT NULL,
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, service_id, for_tenant, method, environment),
	FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id)
) STRICT;

-- An API key is looked up by its id, which it carries itself; only the hash of
-- its secret is here.
CREATE TABLE api_keys (
	tenant_id    TEXT NOT NULL,
	id           TEXT NOT NULL UNIQUE,
	service_id   TEXT NOT NULL,
	name         TEXT NOT NULL,
	hash         BLOB NOT NULL,
	expires_at   INTEGER,
	revoked_at   INTEGER,
	last_used_at INTEGER,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, service_id) REFERENCES services (tenant_id, id)
) STRICT;
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
	token_expires_at INTEGER,
	purpose          TEXT NOT NULL,
	lent             INTEGER NOT NULL,
	first_lent_at    INTEGER NOT NULL,
	last_lent_at     INTEGER NOT NULL,
	created_at       INTEGER NOT NULL,
	updated_at       INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, token_id, service_id),
	FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id)
) STRICT;
CREATE INDEX loans_by_end ON loans (token_expires_at);

-- The audit log is a hash chain per tenant; audit_heads holds its end and is the
-- row that serialises writers.
CREATE TABLE audit_events (
	tenant_id     TEXT NOT NULL REFERENCES tenants (id),
	id            TEXT NOT NULL,
	seq           INTEGER NOT NULL,
	actor_kind    TEXT NOT NULL,
	actor_id      TEXT NOT NULL,
	actor_name    TEXT NOT NULL,
	action        TEXT NOT NULL,
	object_id     TEXT NOT NULL,
	object_ref    TEXT NOT NULL,
	request_id    TEXT NOT NULL,
	changes       TEXT NOT NULL,
	previous_hash BLOB NOT NULL,
	hash          BLOB NOT NULL,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, seq)
) STRICT;
CREATE INDEX audit_events_of_object ON audit_events (tenant_id, object_id, seq);

CREATE TABLE audit_heads (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	seq        INTEGER NOT NULL,
	hash       BLOB NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id)
) STRICT;

-- What changed lately, for the caches of every process on this database. Written
-- in the transaction of the change, read by polling, pruned after an hour.
CREATE TABLE changes (
	seq        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	tenant_id  TEXT NOT NULL,
	kind       TEXT NOT NULL,
	object_id  TEXT NOT NULL,
	created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_by_time ON changes (created_at);
