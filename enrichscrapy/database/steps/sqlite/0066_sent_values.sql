-- What a Stash was sent, so that nothing is sent twice.

CREATE TABLE IF NOT EXISTS sent_values (
	performer_id INTEGER NOT NULL,
	stash TEXT NOT NULL,
	kind TEXT NOT NULL,
	value TEXT NOT NULL,
	sent_at FLOAT NOT NULL,
	PRIMARY KEY (performer_id, stash, kind, value),
	FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
) WITHOUT ROWID;
