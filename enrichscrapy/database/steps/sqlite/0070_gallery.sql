-- What the gallery's lists and figures are read from, however many performers there are.

CREATE INDEX IF NOT EXISTS performers_by_name ON performers (canonical_name COLLATE NOCASE, id);
CREATE INDEX IF NOT EXISTS performers_accented ON performers (canonical_name, id)
 WHERE canonical_name GLOB '*[^ -~]*';
CREATE INDEX IF NOT EXISTS aliases_by_name ON aliases (alias COLLATE NOCASE, performer_id);
CREATE INDEX IF NOT EXISTS aliases_accented ON aliases (alias, performer_id)
 WHERE alias GLOB '*[^ -~]*';
CREATE INDEX IF NOT EXISTS faces_told
 ON faces (model_id, verdict, reason, source, performer_id, trusted);
CREATE INDEX IF NOT EXISTS faces_waiting ON faces (performer_id, id, source)
 WHERE verdict = 'quarantined' AND reason <> 'suppressed';
CREATE INDEX IF NOT EXISTS faces_alike ON faces (performer_id)
 WHERE reason IN ('crowded', 'suspected_merge', 'other_performer');
CREATE INDEX IF NOT EXISTS lookups_stuck ON lookups (performer_id, next_attempt_at)
 WHERE outcome IN ('blocked', 'failed');
