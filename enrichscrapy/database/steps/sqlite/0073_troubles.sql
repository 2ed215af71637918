-- Why lookups were refused, failed or mismatched, counted without reading their rows.

CREATE INDEX IF NOT EXISTS lookups_troubles ON lookups (source, outcome, detail, updated_at)
 WHERE outcome NOT IN ('found', 'absent');
