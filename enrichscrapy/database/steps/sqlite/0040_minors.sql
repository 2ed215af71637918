-- Whose word makes a performer a minor.

CREATE TABLE IF NOT EXISTS minors (
  performer_id INTEGER NOT NULL,
  said_by TEXT NOT NULL,
  adult_on TEXT NOT NULL,
  PRIMARY KEY (performer_id, said_by),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
);
