-- What the refresh engine shares between processes: how much of a budget is
-- spent, and which process has which background duty.

-- When the latest token requests of a grant were sent, as many as its budget
-- counts.
ALTER TABLE grants ADD COLUMN sent TEXT NOT NULL DEFAULT '[]';
CREATE INDEX grants_expiring ON grants (refresh_expires_at) WHERE refresh_expires_at IS NOT NULL;

-- Budgets of token requests, by host and by client at a host. drawn_until is the
-- theoretical arrival time of the generic cell rate algorithm: what was drawn is
-- paid for until then. closed_until is set while the provider asked for silence
-- or does not answer.
CREATE TABLE budgets (
	id           TEXT NOT NULL PRIMARY KEY,
	drawn_until  INTEGER NOT NULL,
	closed_until INTEGER
) STRICT;
CREATE INDEX budgets_closed ON budgets (closed_until) WHERE closed_until IS NOT NULL;

-- Work that one process at a time does for all.
CREATE TABLE duties (
	id         TEXT NOT NULL PRIMARY KEY,
	holder     TEXT NOT NULL,
	held_until INTEGER NOT NULL
) STRICT;
