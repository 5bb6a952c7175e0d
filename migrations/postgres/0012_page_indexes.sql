-- What pages ask of the ledger of loans: what is lent now and lately, of a connection and
-- of all, and what a service or a connection ever had, in its order. A token that never
-- ends counts as one that ends last.
CREATE INDEX loans_by_last_end ON loans (tenant_id, (CASE WHEN token_expires_at IS NULL THEN 9223372036854775807 ELSE token_expires_at END));
CREATE INDEX loans_of_grant_by_last_end ON loans (tenant_id, grant_id, (CASE WHEN token_expires_at IS NULL THEN 9223372036854775807 ELSE token_expires_at END));
CREATE INDEX loans_of_grant ON loans (tenant_id, grant_id, id);
CREATE INDEX loans_of_service ON loans (tenant_id, service_id, id);

-- What somebody did of one kind, in the log.
CREATE INDEX audit_events_of_actor_by_action ON audit_events (tenant_id, actor_id, action, seq);
CREATE INDEX audit_events_of_name_by_action ON audit_events (tenant_id, actor_name, action, seq);
