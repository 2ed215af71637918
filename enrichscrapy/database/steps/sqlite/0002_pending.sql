-- The view of never looked-up performers and the triggers that keep its copy in step.

CREATE VIEW IF NOT EXISTS never_looked_up AS
SELECT s.name AS source, 'url' AS mode, p.id AS performer_id,
       lower(trim(coalesce(p.gender, ''))) AS gender
  FROM performers p, sources s
 WHERE EXISTS (SELECT 1 FROM external_urls u
                WHERE u.site = s.name AND u.performer_id = p.id AND u.normalized_id IS NOT NULL)
   AND NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'url' AND l.performer_id = p.id)
UNION ALL
SELECT s.name, 'name', p.id, lower(trim(coalesce(p.gender, '')))
  FROM performers p, sources s
 WHERE NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'name' AND l.performer_id = p.id)
   AND NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'url' AND l.performer_id = p.id
                      AND l.outcome = 'found');

CREATE TRIGGER IF NOT EXISTS pending_performer_added AFTER INSERT ON performers  BEGIN
              DELETE FROM pending WHERE performer_id = NEW.id;
              INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.id;
            END;

CREATE TRIGGER IF NOT EXISTS pending_performer_gender AFTER UPDATE OF gender ON performers  BEGIN
              DELETE FROM pending WHERE performer_id = NEW.id;
              INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.id;
            END;

CREATE TRIGGER IF NOT EXISTS pending_url_added AFTER INSERT ON external_urls WHEN NEW.site IN (SELECT name FROM sources) BEGIN
              DELETE FROM pending WHERE performer_id = NEW.performer_id AND source = NEW.site AND mode = 'url';
              INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.performer_id AND source = NEW.site AND mode = 'url';
            END;

CREATE TRIGGER IF NOT EXISTS pending_url_changed_new AFTER UPDATE ON external_urls WHEN NEW.site IN (SELECT name FROM sources) BEGIN
              DELETE FROM pending WHERE performer_id = NEW.performer_id AND source = NEW.site AND mode = 'url';
              INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.performer_id AND source = NEW.site AND mode = 'url';
            END;

CREATE TRIGGER IF NOT EXISTS pending_url_changed_old AFTER UPDATE ON external_urls WHEN OLD.site IN (SELECT name FROM sources) BEGIN
              DELETE FROM pending WHERE performer_id = OLD.performer_id AND source = OLD.site AND mode = 'url';
              INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = OLD.performer_id AND source = OLD.site AND mode = 'url';
            END;

CREATE TRIGGER IF NOT EXISTS pending_url_removed AFTER DELETE ON external_urls WHEN OLD.site IN (SELECT name FROM sources) BEGIN
              DELETE FROM pending WHERE performer_id = OLD.performer_id AND source = OLD.site AND mode = 'url';
              INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = OLD.performer_id AND source = OLD.site AND mode = 'url';
            END;

CREATE TRIGGER IF NOT EXISTS pending_lookup_added AFTER INSERT ON lookups  BEGIN
              DELETE FROM pending WHERE performer_id = NEW.performer_id AND source = NEW.source;
              INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.performer_id AND source = NEW.source;
            END;

CREATE TRIGGER IF NOT EXISTS pending_lookup_changed AFTER UPDATE OF outcome ON lookups  BEGIN
              DELETE FROM pending WHERE performer_id = NEW.performer_id AND source = NEW.source;
              INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.performer_id AND source = NEW.source;
            END;

CREATE TRIGGER IF NOT EXISTS pending_lookup_removed AFTER DELETE ON lookups  BEGIN
              DELETE FROM pending WHERE performer_id = OLD.performer_id AND source = OLD.source;
              INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = OLD.performer_id AND source = OLD.source;
            END;

CREATE TRIGGER IF NOT EXISTS pending_source_added AFTER INSERT ON sources BEGIN
  INSERT INTO pending (source, mode, performer_id, gender)
  SELECT source, mode, performer_id, gender FROM never_looked_up WHERE source = NEW.name;
END;

CREATE TRIGGER IF NOT EXISTS lookup_due_by_new_link AFTER INSERT ON external_urls
WHEN NEW.site IN (SELECT name FROM sources) AND NEW.normalized_id IS NOT NULL BEGIN
  UPDATE lookups SET next_attempt_at = 0, attempts = 0, blocks = 0
   WHERE source = NEW.site AND mode = 'url' AND performer_id = NEW.performer_id
     AND next_attempt_at IS NULL;
END;

CREATE TRIGGER IF NOT EXISTS lookup_due_by_changed_link AFTER UPDATE OF url, site ON external_urls
WHEN NEW.site IN (SELECT name FROM sources) AND NEW.normalized_id IS NOT NULL BEGIN
  UPDATE lookups SET next_attempt_at = 0, attempts = 0, blocks = 0
   WHERE source = NEW.site AND mode = 'url' AND performer_id = NEW.performer_id
     AND next_attempt_at IS NULL;
END;
