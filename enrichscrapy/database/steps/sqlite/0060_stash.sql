CREATE TABLE stash_pictures (
	file TEXT NOT NULL,
	row_id TEXT NOT NULL,
	performer_id INTEGER NOT NULL,
	wanted TEXT NOT NULL,
	taken TEXT,
	md5 TEXT,
	photo_id INTEGER,
	PRIMARY KEY (file, row_id),
	FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE,
	FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE SET NULL
) WITHOUT ROWID;
CREATE INDEX ix_stash_pictures_performer_id ON stash_pictures (performer_id);
CREATE INDEX ix_stash_pictures_photo_id ON stash_pictures (photo_id);

CREATE TABLE stash_servers (
	address TEXT NOT NULL,
	changed_upto TEXT NOT NULL,
	PRIMARY KEY (address)
);
