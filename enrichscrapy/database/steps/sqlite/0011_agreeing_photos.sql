-- Faces that older rules accepted only because a page's photos agreed with each other, or with those of
-- another page: a stranger's agree as well. A page that a link, a birthday or an account had confirmed
-- is not in doubt.
CREATE TEMP TABLE doubted AS
WITH ruled AS (
  SELECT id, performer_id, model_id, source, trusted, EXISTS (
    SELECT 1 FROM verdict_history AS h
    WHERE h.face_id = faces.id AND h.decided_by IN ('import', 'review')
  ) AS by_a_person, EXISTS (
    SELECT 1 FROM verdict_history AS h
    WHERE h.face_id = faces.id AND h.reason IN ('agreeing_photos', 'agrees_with_other_source')
  ) AS on_photos, EXISTS (
    SELECT 1 FROM lookups AS l
    WHERE l.performer_id = faces.performer_id AND l.source = faces.source
      AND l.outcome = 'found' AND l.identity = 'confirmed'
      AND (json_extract(l.evidence, '$.identity.by_link')
        OR json_extract(l.evidence, '$.identity.reason') LIKE '%birthday agree%'
        OR json_extract(l.evidence, '$.identity.reason') LIKE '%account agree%')
  ) AS proven
  FROM faces WHERE verdict = 'accepted'
), roots AS (
  SELECT * FROM ruled WHERE on_photos AND NOT by_a_person AND NOT proven
)
SELECT id, model_id, performer_id FROM roots
UNION
-- Trusted only through those: nobody vouched for this performer, nor did a page with proof.
SELECT id, model_id, performer_id FROM ruled AS face
WHERE NOT by_a_person AND NOT proven
  AND EXISTS (
    SELECT 1 FROM roots
    WHERE roots.performer_id = face.performer_id AND roots.model_id = face.model_id
  )
  AND NOT EXISTS (
    SELECT 1 FROM ruled AS other
    WHERE other.performer_id = face.performer_id AND other.model_id = face.model_id
      AND other.trusted AND (other.by_a_person OR other.proven)
  );
INSERT INTO face_changes (face_id, model_id, change)
SELECT id, model_id, 'removed' FROM doubted ORDER BY id;
INSERT INTO verdict_history (face_id, verdict, trusted, reason, decided_by, at)
SELECT id, 'quarantined', 0, 'older_rules', 'rules', CAST(strftime('%s', 'now') AS REAL)
FROM doubted ORDER BY id;
UPDATE faces
SET verdict = 'quarantined', trusted = 0, reason = 'older_rules',
    updated_at = CAST(strftime('%s', 'now') AS REAL)
WHERE id IN (SELECT id FROM doubted);
DROP TABLE doubted;
