CREATE TABLE machines (
	name TEXT NOT NULL,
	first_seen FLOAT NOT NULL,
	last_seen FLOAT NOT NULL,
	struck_off_at FLOAT,
	PRIMARY KEY (name)
);
CREATE TABLE workers (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	machine TEXT NOT NULL,
	pid INTEGER NOT NULL,
	source TEXT NOT NULL,
	mode TEXT NOT NULL,
	started_at FLOAT NOT NULL,
	expires_at FLOAT NOT NULL,
	FOREIGN KEY(machine) REFERENCES machines (name) ON DELETE CASCADE
);
CREATE INDEX ix_workers_machine ON workers (machine);
CREATE TABLE leases (
	source TEXT NOT NULL,
	mode TEXT NOT NULL,
	performer_id INTEGER NOT NULL,
	worker_id INTEGER NOT NULL,
	PRIMARY KEY (source, mode, performer_id),
	FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE,
	FOREIGN KEY(worker_id) REFERENCES workers (id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX ix_leases_performer_id ON leases (performer_id);
CREATE INDEX ix_leases_worker_id ON leases (worker_id);
CREATE TABLE erasure_answers (
	erasure_id INTEGER NOT NULL,
	machine TEXT NOT NULL,
	answered_at FLOAT,
	PRIMARY KEY (erasure_id, machine),
	FOREIGN KEY(erasure_id) REFERENCES erasures (id) ON DELETE CASCADE,
	FOREIGN KEY(machine) REFERENCES machines (name) ON DELETE CASCADE
);
CREATE INDEX ix_erasure_answers_machine ON erasure_answers (machine);
ALTER TABLE hosts ADD COLUMN turn_worker INTEGER;
ALTER TABLE hosts ADD COLUMN clearance_machine TEXT;
ALTER TABLE hosts ADD COLUMN clearance_agent TEXT;
-- The path alone was unique: two machines may have a file of one path each.
CREATE TABLE new_artefacts (
	id INTEGER NOT NULL,
	kind TEXT NOT NULL,
	path TEXT NOT NULL,
	created_at FLOAT NOT NULL,
	machine TEXT DEFAULT '' NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (machine, path)
);
INSERT INTO new_artefacts SELECT id, kind, path, created_at, '' FROM artefacts;
DROP TABLE artefacts;
ALTER TABLE new_artefacts RENAME TO artefacts;
