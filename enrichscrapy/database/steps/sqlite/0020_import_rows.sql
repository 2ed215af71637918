-- Which row of which file was whom, and the birth dates that nobody could read.

CREATE TABLE IF NOT EXISTS import_rows (
	row_id TEXT NOT NULL,
	file TEXT NOT NULL,
	name TEXT NOT NULL,
	performer_id INTEGER,
	PRIMARY KEY (row_id, file, name),
	FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS ix_import_rows_performer_id ON import_rows (performer_id);

-- Until now there was one row a performer, "<file>#<row id>"; an id of 1.0 is 1.
INSERT OR IGNORE INTO import_rows (row_id, file, name, performer_id)
SELECT CASE WHEN row_id GLOB '[0-9]*.0' THEN rtrim(rtrim(row_id, '0'), '.') ELSE row_id END,
       file, canonical_name, id
  FROM (SELECT substr(import_key, instr(import_key, '#') + 1) AS row_id,
               substr(import_key, 1, instr(import_key, '#') - 1) AS file,
               canonical_name, id
          FROM performers WHERE import_key IS NOT NULL);

CREATE TABLE IF NOT EXISTS unread_birth_dates (
	performer_id INTEGER NOT NULL,
	text TEXT NOT NULL,
	seen_at FLOAT,
	PRIMARY KEY (performer_id),
	FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
);

-- Whose birth date is unread is not among those who were never looked up.
DROP VIEW IF EXISTS never_looked_up;

CREATE VIEW never_looked_up AS
SELECT s.name AS source, 'url' AS mode, p.id AS performer_id,
       lower(trim(coalesce(p.gender, ''))) AS gender
  FROM performers p, sources s
 WHERE EXISTS (SELECT 1 FROM external_urls u
                WHERE u.site = s.name AND u.performer_id = p.id AND u.normalized_id IS NOT NULL)
   AND NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'url' AND l.performer_id = p.id)
   AND NOT EXISTS (SELECT 1 FROM unread_birth_dates b
                    WHERE b.performer_id = p.id AND b.seen_at IS NULL)
UNION ALL
SELECT s.name, 'name', p.id, lower(trim(coalesce(p.gender, '')))
  FROM performers p, sources s
 WHERE NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'name' AND l.performer_id = p.id)
   AND NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'url' AND l.performer_id = p.id
                      AND l.outcome = 'found')
   AND NOT EXISTS (SELECT 1 FROM unread_birth_dates b
                    WHERE b.performer_id = p.id AND b.seen_at IS NULL);

CREATE TRIGGER IF NOT EXISTS pending_date_unread AFTER INSERT ON unread_birth_dates BEGIN
  DELETE FROM pending WHERE performer_id = NEW.performer_id;
  INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.performer_id;
END;

CREATE TRIGGER IF NOT EXISTS pending_date_seen AFTER UPDATE ON unread_birth_dates BEGIN
  DELETE FROM pending WHERE performer_id = NEW.performer_id;
  INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.performer_id;
END;

CREATE TRIGGER IF NOT EXISTS pending_date_read AFTER DELETE ON unread_birth_dates BEGIN
  DELETE FROM pending WHERE performer_id = OLD.performer_id;
  INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = OLD.performer_id;
END;
