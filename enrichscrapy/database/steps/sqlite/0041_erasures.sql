-- Erasures that were begun.

CREATE TABLE IF NOT EXISTS erasures (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  person_id INTEGER,
  traits JSON,
  begun_at FLOAT NOT NULL
);
