-- Faces near somebody else's, by the reasons as they are stored.

DROP INDEX IF EXISTS faces_alike;

CREATE INDEX faces_alike ON faces (performer_id)
 WHERE reason IN ('people_too_alike', 'suspected_merge', 'other_performer');
