-- A row that is there under the short name already stays as it is.
UPDATE OR IGNORE stashbox_ids SET endpoint = 'stashdb'
WHERE lower(endpoint) IN ('stashdb.org', 'https://stashdb.org/graphql');
UPDATE OR IGNORE stashbox_ids SET endpoint = 'fansdb'
WHERE lower(endpoint) IN ('fansdb.cc', 'https://fansdb.cc/graphql');
UPDATE OR IGNORE stashbox_ids SET endpoint = 'pmvstash'
WHERE lower(endpoint) IN ('pmvstash.org', 'https://pmvstash.org/graphql');
UPDATE OR IGNORE stashbox_ids SET endpoint = 'javstash'
WHERE lower(endpoint) IN ('javstash.org', 'https://javstash.org/graphql');
UPDATE OR IGNORE stashbox_ids SET endpoint = 'theporndb'
WHERE lower(endpoint) IN ('theporndb.net', 'https://theporndb.net/graphql');
UPDATE OR IGNORE merged_ids SET endpoint = 'stashdb'
WHERE lower(endpoint) IN ('stashdb.org', 'https://stashdb.org/graphql');
UPDATE OR IGNORE merged_ids SET endpoint = 'fansdb'
WHERE lower(endpoint) IN ('fansdb.cc', 'https://fansdb.cc/graphql');
UPDATE OR IGNORE merged_ids SET endpoint = 'pmvstash'
WHERE lower(endpoint) IN ('pmvstash.org', 'https://pmvstash.org/graphql');
UPDATE OR IGNORE merged_ids SET endpoint = 'javstash'
WHERE lower(endpoint) IN ('javstash.org', 'https://javstash.org/graphql');
UPDATE OR IGNORE merged_ids SET endpoint = 'theporndb'
WHERE lower(endpoint) IN ('theporndb.net', 'https://theporndb.net/graphql');
