-- Row-level security: a second wall between tenants, behind the program's own. A
-- statement sees and writes the rows of the tenant that it names in the setting
-- latchkey.tenant; those of the installation name '*', which is no tenant's id.
-- Without the setting there is no row. FORCE holds the owner of the tables to it
-- too; only superusers and roles with BYPASSRLS go past it.
--
-- The loop covers every table there is with a tenant_id. A later migration that adds
-- one does the same for it; a test says so if it does not.
DO $$
DECLARE
	walled NAME;
BEGIN
	FOR walled IN
		SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
			AND a.attname = 'tenant_id' AND NOT a.attisdropped
	LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', walled);
		EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', walled);
		EXECUTE format('CREATE POLICY tenant_wall ON %I USING '
			'(tenant_id = current_setting(''latchkey.tenant'', true) OR current_setting(''latchkey.tenant'', true) = ''*'')', walled);
	END LOOP;
END $$;
