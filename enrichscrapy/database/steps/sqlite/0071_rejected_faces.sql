-- What a rejection by a person took away, for as long as it can be undone; and the gallery's visits.

CREATE TABLE IF NOT EXISTS rejected_faces (
	face_id INTEGER NOT NULL,
	model_id INTEGER NOT NULL,
	vector BLOB NOT NULL,
	crop BLOB,
	until FLOAT NOT NULL,
	PRIMARY KEY (face_id),
	FOREIGN KEY(face_id) REFERENCES faces (id) ON DELETE CASCADE,
	FOREIGN KEY(model_id) REFERENCES models (id)
);

CREATE TABLE IF NOT EXISTS visits (
	id INTEGER NOT NULL,
	seen_at FLOAT NOT NULL,
	seen_face INTEGER NOT NULL,
	since_at FLOAT NOT NULL,
	since_face INTEGER NOT NULL,
	PRIMARY KEY (id)
);
