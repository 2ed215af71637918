ALTER TABLE lookups ADD COLUMN page TEXT;
CREATE INDEX lookups_by_page ON lookups (source, page) WHERE page IS NOT NULL;
-- Of what was found before only the address is known; new lookups ask for that as well.
UPDATE lookups SET page = url
WHERE outcome = 'found' AND identity IN ('confirmed', 'uncorroborated') AND url IS NOT NULL;
