-- Who has an id of a stash-box is looked up there, by that id and never by name.

DROP VIEW IF EXISTS never_looked_up;

CREATE VIEW never_looked_up AS
SELECT s.name AS source, 'url' AS mode, p.id AS performer_id,
       lower(trim(coalesce(p.gender, ''))) AS gender
  FROM performers p, sources s
 WHERE (EXISTS (SELECT 1 FROM external_urls u
                 WHERE u.site = s.name AND u.performer_id = p.id AND u.normalized_id IS NOT NULL)
        OR (s.name GLOB 'stashbox:*'
            AND EXISTS (SELECT 1 FROM stashbox_ids b
                         WHERE b.performer_id = p.id AND b.endpoint = substr(s.name, 10))))
   AND NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'url' AND l.performer_id = p.id)
   AND NOT EXISTS (SELECT 1 FROM unread_birth_dates b
                    WHERE b.performer_id = p.id AND b.seen_at IS NULL)
UNION ALL
SELECT s.name, 'name', p.id, lower(trim(coalesce(p.gender, '')))
  FROM performers p, sources s
 WHERE s.name NOT GLOB 'stashbox:*'
   AND NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'name' AND l.performer_id = p.id)
   AND NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'url' AND l.performer_id = p.id
                      AND l.outcome = 'found')
   AND NOT EXISTS (SELECT 1 FROM unread_birth_dates b
                    WHERE b.performer_id = p.id AND b.seen_at IS NULL);

CREATE TRIGGER IF NOT EXISTS pending_box_id_added AFTER INSERT ON stashbox_ids
WHEN 'stashbox:' || NEW.endpoint IN (SELECT name FROM sources) BEGIN
  DELETE FROM pending WHERE performer_id = NEW.performer_id AND source = 'stashbox:' || NEW.endpoint;
  INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.performer_id AND source = 'stashbox:' || NEW.endpoint;
END;

CREATE TRIGGER IF NOT EXISTS pending_box_id_removed AFTER DELETE ON stashbox_ids
WHEN 'stashbox:' || OLD.endpoint IN (SELECT name FROM sources) BEGIN
  DELETE FROM pending WHERE performer_id = OLD.performer_id AND source = 'stashbox:' || OLD.endpoint;
  INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = OLD.performer_id AND source = 'stashbox:' || OLD.endpoint;
END;

CREATE TRIGGER IF NOT EXISTS pending_box_id_changed_new AFTER UPDATE ON stashbox_ids
WHEN 'stashbox:' || NEW.endpoint IN (SELECT name FROM sources) BEGIN
  DELETE FROM pending WHERE performer_id = NEW.performer_id AND source = 'stashbox:' || NEW.endpoint;
  INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = NEW.performer_id AND source = 'stashbox:' || NEW.endpoint;
END;

CREATE TRIGGER IF NOT EXISTS pending_box_id_changed_old AFTER UPDATE ON stashbox_ids
WHEN 'stashbox:' || OLD.endpoint IN (SELECT name FROM sources) BEGIN
  DELETE FROM pending WHERE performer_id = OLD.performer_id AND source = 'stashbox:' || OLD.endpoint;
  INSERT INTO pending (source, mode, performer_id, gender) SELECT source, mode, performer_id, gender FROM never_looked_up WHERE performer_id = OLD.performer_id AND source = 'stashbox:' || OLD.endpoint;
END;

CREATE TRIGGER IF NOT EXISTS lookup_due_by_new_box_id AFTER INSERT ON stashbox_ids
WHEN 'stashbox:' || NEW.endpoint IN (SELECT name FROM sources) BEGIN
  UPDATE lookups SET next_attempt_at = 0, attempts = 0, blocks = 0
   WHERE source = 'stashbox:' || NEW.endpoint AND mode = 'url' AND performer_id = NEW.performer_id
     AND next_attempt_at IS NULL;
END;
