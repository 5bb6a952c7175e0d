-- People: who they are, what they may, how they sign in and for how long.

-- Roles that a tenant made itself; the ready-made ones are part of the program.
CREATE TABLE roles (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	reference  TEXT NOT NULL,
	name       TEXT NOT NULL,
	rights     TEXT NOT NULL,
	rev        INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, reference)
) STRICT;

-- user_key and email_key are the canonical forms, by which people are found.
-- external_id is NULL for people who have none. version counts what makes
-- sessions invalid: a change of rights or of the password.
CREATE TABLE users (
	tenant_id    TEXT NOT NULL REFERENCES tenants (id),
	id           TEXT NOT NULL,
	user_name    TEXT NOT NULL,
	user_key     TEXT NOT NULL,
	email        TEXT NOT NULL,
	email_key    TEXT NOT NULL,
	display_name TEXT NOT NULL,
	external_id  TEXT,
	language     TEXT NOT NULL,
	theme        TEXT NOT NULL,
	invited      INTEGER NOT NULL,
	disabled_at  INTEGER,
	last_seen_at INTEGER,
	version      INTEGER NOT NULL,
	rev          INTEGER NOT NULL,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, user_key),
	UNIQUE (tenant_id, external_id)
) STRICT;
CREATE INDEX users_by_email ON users (tenant_id, email_key);

-- role is the reference of a ready-made role or of a row in roles.
CREATE TABLE user_roles (
	tenant_id  TEXT NOT NULL,
	id         TEXT NOT NULL,
	user_id    TEXT NOT NULL,
	role       TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, user_id, role),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
) STRICT;

CREATE TABLE sso_connectors (
	tenant_id       TEXT NOT NULL,
	id              TEXT NOT NULL,
	reference       TEXT NOT NULL,
	name            TEXT NOT NULL,
	type            TEXT NOT NULL,
	method_id       TEXT NOT NULL,
	environment     TEXT NOT NULL,
	admission       TEXT NOT NULL,
	creates_users   INTEGER NOT NULL,
	default_role    TEXT NOT NULL,
	trusted_domains TEXT NOT NULL,
	rule            TEXT NOT NULL,
	disabled_at     INTEGER,
	rev             INTEGER NOT NULL,
	created_at      INTEGER NOT NULL,
	updated_at      INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, reference),
	FOREIGN KEY (tenant_id, method_id) REFERENCES methods (tenant_id, id)
) STRICT;

-- Who may use which connector.
CREATE TABLE user_connectors (
	tenant_id    TEXT NOT NULL,
	id           TEXT NOT NULL,
	user_id      TEXT NOT NULL,
	connector_id TEXT NOT NULL,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, connector_id, user_id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
	FOREIGN KEY (tenant_id, connector_id) REFERENCES sso_connectors (tenant_id, id)
) STRICT;
CREATE INDEX user_connectors_of_user ON user_connectors (tenant_id, user_id);

-- A person's account at a connector, pinned: (issuer, subject) is what counts.
-- claims are what the provider last said of the person, sealed.
CREATE TABLE identities (
	tenant_id    TEXT NOT NULL,
	id           TEXT NOT NULL,
	user_id      TEXT NOT NULL,
	connector_id TEXT NOT NULL,
	issuer       TEXT NOT NULL,
	subject      TEXT NOT NULL,
	email        TEXT NOT NULL,
	claims       BLOB NOT NULL CHECK (claims IS NULL OR substr(claims, 1, 1) = x'01'),
	by_hand      INTEGER NOT NULL,
	last_used_at INTEGER,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, issuer, subject),
	UNIQUE (tenant_id, connector_id, user_id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
	FOREIGN KEY (tenant_id, connector_id) REFERENCES sso_connectors (tenant_id, id)
) STRICT;
CREATE INDEX identities_of_user ON identities (tenant_id, user_id);

-- What a tenant decided for itself; one row, of which the id is the tenant's.
CREATE TABLE workspace_settings (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	settings   TEXT NOT NULL,
	rev        INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id)
) STRICT;

-- Sign-in attempts that came back. The row is made before the code is sent
-- anywhere, and state_hash is unique: that is what makes a state good for once.
-- claims are sealed, for the administrator who looks for what went wrong.
CREATE TABLE sign_ins (
	tenant_id      TEXT NOT NULL,
	id             TEXT NOT NULL,
	connector_id   TEXT NOT NULL,
	reference_code TEXT NOT NULL,
	state_hash     BLOB,
	outcome        TEXT NOT NULL,
	code           TEXT NOT NULL,
	user_id        TEXT NOT NULL,
	user_name      TEXT NOT NULL,
	issuer         TEXT NOT NULL,
	subject        TEXT NOT NULL,
	data_centre    TEXT NOT NULL,
	claims         BLOB CHECK (claims IS NULL OR substr(claims, 1, 1) = x'01'),
	trace          TEXT NOT NULL,
	address        TEXT NOT NULL,
	user_agent     TEXT NOT NULL,
	finished_at    INTEGER,
	created_at     INTEGER NOT NULL,
	updated_at     INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, reference_code),
	UNIQUE (tenant_id, state_hash),
	FOREIGN KEY (tenant_id, connector_id) REFERENCES sso_connectors (tenant_id, id)
) STRICT;
CREATE INDEX sign_ins_of_connector ON sign_ins (tenant_id, connector_id, created_at);
CREATE INDEX sign_ins_of_user ON sign_ins (tenant_id, user_id, created_at);
CREATE INDEX sign_ins_by_age ON sign_ins (created_at);

-- How many attempts began, by connector and day (its number since 1970). Whoever
-- begins one is nobody yet, so it gets no row of its own.
CREATE TABLE sign_in_starts (
	tenant_id    TEXT NOT NULL,
	id           TEXT NOT NULL,
	connector_id TEXT NOT NULL,
	day          INTEGER NOT NULL,
	started      INTEGER NOT NULL,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, connector_id, day),
	FOREIGN KEY (tenant_id, connector_id) REFERENCES sso_connectors (tenant_id, id)
) STRICT;

-- Sessions of people. The browser has the secret, only its hash is here.
-- user_version is the version of the user that the session was made for.
-- means has " otp" behind it if there was a second proof.
CREATE TABLE sessions (
	tenant_id      TEXT NOT NULL,
	id             TEXT NOT NULL,
	hash           BLOB NOT NULL,
	user_id        TEXT NOT NULL,
	user_version   INTEGER NOT NULL,
	connector_id   TEXT NOT NULL,
	identity_id    TEXT NOT NULL,
	means          TEXT NOT NULL,
	issuer         TEXT NOT NULL,
	provider_sid   TEXT NOT NULL,
	address        TEXT NOT NULL,
	user_agent     TEXT NOT NULL,
	seen_at        INTEGER NOT NULL,
	idle_micros    INTEGER NOT NULL,
	expires_at     INTEGER NOT NULL,
	ended_at       INTEGER,
	created_at     INTEGER NOT NULL,
	updated_at     INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, hash),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
) STRICT;
CREATE INDEX sessions_of_user ON sessions (tenant_id, user_id);
CREATE INDEX sessions_of_provider ON sessions (tenant_id, issuer, provider_sid);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- One-time tickets, by which the platform learns who signed in.
CREATE TABLE tickets (
	tenant_id  TEXT NOT NULL,
	id         TEXT NOT NULL,
	hash       BLOB NOT NULL,
	session_id TEXT NOT NULL,
	sign_in_id TEXT NOT NULL,
	return_to  TEXT NOT NULL,
	used_at    INTEGER,
	expires_at INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, hash),
	FOREIGN KEY (tenant_id, session_id) REFERENCES sessions (tenant_id, id)
) STRICT;
CREATE INDEX tickets_of_session ON tickets (tenant_id, session_id);
CREATE INDEX tickets_by_end ON tickets (expires_at);

-- Keys that a tenant's pages work with, by purpose: sealing cookies, signing
-- identities. Each is published before it is used and stays until nothing that was
-- made with it can be presented.
CREATE TABLE web_keys (
	tenant_id    TEXT NOT NULL REFERENCES tenants (id),
	id           TEXT NOT NULL,
	purpose      TEXT NOT NULL,
	secret       BLOB NOT NULL CHECK (secret IS NULL OR substr(secret, 1, 1) = x'01'),
	used_from    INTEGER NOT NULL,
	used_until   INTEGER NOT NULL,
	kept_until   INTEGER NOT NULL,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, purpose, used_from)
) STRICT;

-- What people prove themselves with. The id is the user's where there is one of a
-- kind. Hashes of passwords are sealed as well, so that a copy of the database
-- alone is nothing to guess with.
CREATE TABLE passwords (
	tenant_id  TEXT NOT NULL,
	id         TEXT NOT NULL,
	hash       BLOB NOT NULL CHECK (hash IS NULL OR substr(hash, 1, 1) = x'01'),
	set_at     INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, id) REFERENCES users (tenant_id, id)
) STRICT;

-- Time-based one-time passwords (RFC 6238). last_step is the newest step that was
-- accepted: none counts twice.
CREATE TABLE totps (
	tenant_id    TEXT NOT NULL,
	id           TEXT NOT NULL,
	secret       BLOB NOT NULL CHECK (secret IS NULL OR substr(secret, 1, 1) = x'01'),
	last_step    INTEGER NOT NULL,
	confirmed_at INTEGER,
	created_at   INTEGER NOT NULL,
	updated_at   INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	FOREIGN KEY (tenant_id, id) REFERENCES users (tenant_id, id)
) STRICT;

-- WebAuthn credentials.
CREATE TABLE passkeys (
	tenant_id     TEXT NOT NULL,
	id            TEXT NOT NULL,
	user_id       TEXT NOT NULL,
	credential_id TEXT NOT NULL,
	name          TEXT NOT NULL,
	credential    BLOB NOT NULL CHECK (credential IS NULL OR substr(credential, 1, 1) = x'01'),
	last_used_at  INTEGER,
	created_at    INTEGER NOT NULL,
	updated_at    INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, credential_id),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
) STRICT;
CREATE INDEX passkeys_of_user ON passkeys (tenant_id, user_id);

-- Links by which somebody sets a first or a new password; good once.
CREATE TABLE invitations (
	tenant_id  TEXT NOT NULL,
	id         TEXT NOT NULL,
	user_id    TEXT NOT NULL,
	purpose    TEXT NOT NULL,
	hash       BLOB NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at    INTEGER,
	created_at INTEGER NOT NULL,
	updated_at INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, hash),
	FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id)
) STRICT;
CREATE INDEX invitations_of_user ON invitations (tenant_id, user_id);
CREATE INDEX invitations_by_end ON invitations (expires_at);

-- Failed attempts, counted by what was tried and by where from; the id is a hash
-- of that. drawn_until is the theoretical arrival time of the generic cell rate
-- algorithm.
CREATE TABLE throttles (
	tenant_id   TEXT NOT NULL REFERENCES tenants (id),
	id          TEXT NOT NULL,
	drawn_until INTEGER NOT NULL,
	created_at  INTEGER NOT NULL,
	updated_at  INTEGER NOT NULL,
	PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX throttles_by_end ON throttles (drawn_until);
