-- One trigger for a new link, not two, and nothing is deleted that the link cannot have changed.

DROP TRIGGER pending_url_added;

DROP TRIGGER lookup_due_by_new_link;

CREATE TRIGGER pending_url_added AFTER INSERT ON external_urls
WHEN NEW.normalized_id IS NOT NULL AND NEW.site IN (SELECT name FROM sources) BEGIN
  INSERT INTO pending (source, mode, performer_id, gender)
  SELECT NEW.site, 'url', p.id, lower(trim(coalesce(p.gender, '')))
    FROM performers p
   WHERE p.id = NEW.performer_id
     AND NOT EXISTS (SELECT 1 FROM lookups l
                      WHERE l.source = NEW.site AND l.mode = 'url' AND l.performer_id = p.id)
     AND NOT EXISTS (SELECT 1 FROM unread_birth_dates b
                      WHERE b.performer_id = p.id AND b.seen_at IS NULL)
  ON CONFLICT DO NOTHING;
  UPDATE lookups SET next_attempt_at = 0, attempts = 0, blocks = 0
   WHERE source = NEW.site AND mode = 'url' AND performer_id = NEW.performer_id
     AND next_attempt_at IS NULL;
END;
