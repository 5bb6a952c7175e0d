-- What became of connections hour by hour, for the pages that show it. Kept for a
-- month; nothing decides by it.

-- One hour of one connection in which something happened. hour is when it began.
-- refreshed and the four after it count token requests by what came of them; missing
-- is for how many microseconds services had no token because refreshes failed;
-- troubled is above 0 if anything failed. The others count loans by how long they
-- took, in classes (see tokens.Pace): from what was at hand, and those for which the
-- provider had to be asked.
CREATE TABLE connection_hours (
	tenant_id       TEXT NOT NULL,
	id              TEXT NOT NULL,
	connection_id   TEXT NOT NULL,
	hour            BIGINT NOT NULL,
	refreshed       BIGINT NOT NULL,
	throttled       BIGINT NOT NULL,
	provider_down   BIGINT NOT NULL,
	grant_lost      BIGINT NOT NULL,
	client_rejected BIGINT NOT NULL,
	missing         BIGINT NOT NULL,
	troubled        BIGINT NOT NULL,
	at_hand1        BIGINT NOT NULL,
	at_hand2        BIGINT NOT NULL,
	at_hand3        BIGINT NOT NULL,
	at_hand4        BIGINT NOT NULL,
	at_hand5        BIGINT NOT NULL,
	at_hand6        BIGINT NOT NULL,
	at_hand7        BIGINT NOT NULL,
	at_hand8        BIGINT NOT NULL,
	asked1          BIGINT NOT NULL,
	asked2          BIGINT NOT NULL,
	asked3          BIGINT NOT NULL,
	asked4          BIGINT NOT NULL,
	asked5          BIGINT NOT NULL,
	asked6          BIGINT NOT NULL,
	asked7          BIGINT NOT NULL,
	asked8          BIGINT NOT NULL,
	created_at      BIGINT NOT NULL,
	updated_at      BIGINT NOT NULL,
	PRIMARY KEY (tenant_id, id),
	UNIQUE (tenant_id, connection_id, hour),
	FOREIGN KEY (tenant_id, connection_id) REFERENCES connections (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX connection_hours_by_age ON connection_hours (hour);
CREATE INDEX connection_hours_troubled ON connection_hours (tenant_id, hour) WHERE troubled > 0;

-- What pages ask for. Without these they would read all that a tenant has.
CREATE INDEX audit_events_of_actor ON audit_events (tenant_id, actor_id, seq);
CREATE INDEX audit_events_of_name ON audit_events (tenant_id, actor_name, seq);
CREATE INDEX audit_events_of_action ON audit_events (tenant_id, action, seq);
CREATE INDEX loans_of_tenant_by_end ON loans (tenant_id, token_expires_at);
