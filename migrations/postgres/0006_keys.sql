-- Rotation of keys while the server runs.

-- required_at is since when whoever uses this database must have the key, active_at
-- when new data keys began to be wrapped with it: the newest one counts. Until now
-- every key was required at once.
ALTER TABLE key_checks ADD COLUMN required_at BIGINT;
ALTER TABLE key_checks ADD COLUMN active_at BIGINT;
UPDATE key_checks SET required_at = created_at;

-- sealed is about how many values were sealed with the data key. resealed_at is when
-- nothing was found any more that is sealed with an older version than this one.
ALTER TABLE data_keys ADD COLUMN sealed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE data_keys ADD COLUMN resealed_at BIGINT;

-- The rotation that was begun last. kek is the key that it leads to, once there is
-- one; data keys that are older than data_keys_before are replaced.
CREATE TABLE key_rotations (
	id               TEXT NOT NULL PRIMARY KEY,
	kek              TEXT NOT NULL,
	began_at         BIGINT NOT NULL,
	data_keys_before BIGINT,
	finished_at      BIGINT
);
