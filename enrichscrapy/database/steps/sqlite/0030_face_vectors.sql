-- Where vectors of another model wait until every face has one.

CREATE TABLE IF NOT EXISTS face_vectors (
  face_id INTEGER NOT NULL,
  model_id INTEGER NOT NULL,
  vector BLOB NOT NULL,
  quality FLOAT NOT NULL,
  measures JSON NOT NULL,
  PRIMARY KEY (face_id),
  FOREIGN KEY (face_id) REFERENCES faces (id) ON DELETE CASCADE,
  FOREIGN KEY (model_id) REFERENCES models (id)
);
