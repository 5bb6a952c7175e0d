-- Grants that came back with a backup, until they are refreshed or approved anew.
--
-- The provider may have replaced their refresh tokens since the backup was made, so
-- that whether they still hold is not known before each is tried. A row means
-- something only as long as version is that of the grant: every answer that is
-- applied, and every consent, raises the grant's.
CREATE TABLE restored_grants (
	tenant_id  TEXT NOT NULL REFERENCES tenants (id),
	id         TEXT NOT NULL,
	version    BIGINT NOT NULL,
	taken_at   BIGINT NOT NULL,
	created_at BIGINT NOT NULL,
	updated_at BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id)
);
