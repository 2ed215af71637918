-- What an import adds is looked at once a statement, not once a row, which took most of the time.
-- The new rows are no table with statistics, and a plan that was made for a few of them serves
-- many: hence always by indexes.

DROP TRIGGER pending_performer_added ON performers;
DROP FUNCTION welcome_performer;
CREATE FUNCTION welcome_performers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO pending (source, mode, performer_id, gender)
  SELECT s.name, 'name', n.id, lower(trim(coalesce(n.gender, '')))
    FROM added n, sources s
   WHERE s.name NOT LIKE 'stashbox:%';
  RETURN NULL;
END $$;
CREATE TRIGGER pending_performer_added AFTER INSERT ON performers
  REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION welcome_performers();

DROP TRIGGER pending_url ON external_urls;
CREATE TRIGGER pending_url AFTER UPDATE OR DELETE ON external_urls
  FOR EACH ROW EXECUTE FUNCTION follow_external_urls();
CREATE FUNCTION take_new_links() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  INSERT INTO pending (source, mode, performer_id, gender)
  SELECT n.site, 'url', n.performer_id, lower(trim(coalesce(p.gender, '')))
    FROM added n JOIN performers p ON p.id = n.performer_id
   WHERE n.normalized_id IS NOT NULL AND n.site IN (SELECT name FROM sources)
     AND NOT EXISTS (SELECT 1 FROM lookups l
                      WHERE l.source = n.site AND l.mode = 'url'
                        AND l.performer_id = n.performer_id)
     AND NOT EXISTS (SELECT 1 FROM unread_birth_dates b
                      WHERE b.performer_id = n.performer_id AND b.seen_at IS NULL)
  ON CONFLICT DO NOTHING;
  UPDATE lookups l SET next_attempt_at = 0, attempts = 0, blocks = 0
    FROM added n
   WHERE l.source = n.site AND l.mode = 'url' AND l.performer_id = n.performer_id
     AND l.next_attempt_at IS NULL
     AND n.normalized_id IS NOT NULL AND n.site IN (SELECT name FROM sources);
  RETURN NULL;
END $$;
CREATE TRIGGER pending_url_added AFTER INSERT ON external_urls
  REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION take_new_links();

DROP TRIGGER pending_box_id ON stashbox_ids;
CREATE TRIGGER pending_box_id AFTER UPDATE OR DELETE ON stashbox_ids
  FOR EACH ROW EXECUTE FUNCTION follow_stashbox_ids();
CREATE FUNCTION take_new_box_ids() RETURNS trigger LANGUAGE plpgsql
  SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  INSERT INTO pending (source, mode, performer_id, gender)
  SELECT s.name, 'url', n.performer_id, lower(trim(coalesce(p.gender, '')))
    FROM added n JOIN sources s ON s.name = 'stashbox:' || n.endpoint
    JOIN performers p ON p.id = n.performer_id
   WHERE NOT EXISTS (SELECT 1 FROM lookups l
                      WHERE l.source = s.name AND l.mode = 'url'
                        AND l.performer_id = n.performer_id)
     AND NOT EXISTS (SELECT 1 FROM unread_birth_dates b
                      WHERE b.performer_id = n.performer_id AND b.seen_at IS NULL)
  ON CONFLICT DO NOTHING;
  UPDATE lookups l SET next_attempt_at = 0, attempts = 0, blocks = 0
    FROM added n, sources s
   WHERE s.name = 'stashbox:' || n.endpoint
     AND l.source = s.name AND l.mode = 'url' AND l.performer_id = n.performer_id
     AND l.next_attempt_at IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER pending_box_id_added AFTER INSERT ON stashbox_ids
  REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION take_new_box_ids();
