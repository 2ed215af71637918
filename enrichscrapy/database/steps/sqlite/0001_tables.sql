-- The tables of the first version. A released step is never edited: schema.py is today's schema.

CREATE TABLE IF NOT EXISTS performers (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  canonical_name TEXT NOT NULL,
  disambiguation TEXT,
  gender TEXT,
  country TEXT,
  ethnicity TEXT,
  birth_date TEXT,
  death_date TEXT,
  height_cm INTEGER,
  eye_color TEXT,
  hair_color TEXT,
  career_start_year INTEGER,
  career_end_year INTEGER,
  scene_count INTEGER,
  stashdb_updated_at TEXT,
  face_count INTEGER,
  image_url TEXT,
  created_at TEXT,
  updated_at TEXT,
  import_key TEXT,
  UNIQUE (import_key)
);

CREATE TABLE IF NOT EXISTS sources (
  name TEXT NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS models (
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  preprocessing TEXT NOT NULL,
  dimension INTEGER NOT NULL,
  thresholds JSON,
  created_at FLOAT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name, sha256, preprocessing)
);

CREATE TABLE IF NOT EXISTS face_changes (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  face_id INTEGER NOT NULL,
  model_id INTEGER NOT NULL,
  change TEXT NOT NULL,
  CONSTRAINT known_change CHECK (change IN ('added', 'removed'))
);

CREATE INDEX IF NOT EXISTS face_changes_by_model ON face_changes (model_id, seq);

CREATE TABLE IF NOT EXISTS hosts (
  host TEXT NOT NULL,
  source TEXT NOT NULL,
  delay FLOAT,
  crawl_delay FLOAT,
  last_request_at FLOAT,
  not_before FLOAT,
  budget_day TEXT,
  budget_used INTEGER NOT NULL,
  circuit TEXT NOT NULL,
  circuit_until FLOAT,
  circuit_pause FLOAT,
  circuit_reason TEXT,
  refusals INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  clearance JSON,
  robots_digest TEXT,
  robots_fetched_at FLOAT,
  updated_at FLOAT,
  PRIMARY KEY (host)
);

CREATE TABLE IF NOT EXISTS artefacts (
  id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  path TEXT NOT NULL,
  created_at FLOAT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (path)
);

CREATE TABLE IF NOT EXISTS suppressions (
  id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  digest TEXT NOT NULL,
  created_at FLOAT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (kind, digest)
);

CREATE TABLE IF NOT EXISTS schema_migrations (
  name TEXT NOT NULL,
  applied_at FLOAT NOT NULL,
  PRIMARY KEY (name)
);

CREATE TABLE IF NOT EXISTS stashbox_ids (
  performer_id INTEGER NOT NULL,
  endpoint TEXT NOT NULL,
  stashbox_performer_id TEXT NOT NULL,
  PRIMARY KEY (endpoint, stashbox_performer_id),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS ix_stashbox_ids_performer_id ON stashbox_ids (performer_id);

CREATE TABLE IF NOT EXISTS merged_ids (
  performer_id INTEGER NOT NULL,
  merged_stashbox_id TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  PRIMARY KEY (merged_stashbox_id, endpoint),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS ix_merged_ids_performer_id ON merged_ids (performer_id);

CREATE TABLE IF NOT EXISTS external_urls (
  id INTEGER NOT NULL,
  performer_id INTEGER NOT NULL,
  site TEXT,
  url TEXT NOT NULL,
  normalized_id TEXT,
  source_endpoint TEXT,
  confidence FLOAT,
  created_at TEXT,
  PRIMARY KEY (id),
  UNIQUE (performer_id, url),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS external_urls_by_site ON external_urls (site, performer_id, id);

CREATE TABLE IF NOT EXISTS aliases (
  id INTEGER NOT NULL,
  performer_id INTEGER NOT NULL,
  alias TEXT NOT NULL,
  source_endpoint TEXT,
  created_at TEXT,
  PRIMARY KEY (id),
  UNIQUE (performer_id, alias),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS lookups (
  source TEXT NOT NULL,
  mode TEXT NOT NULL,
  performer_id INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  url TEXT,
  http_status INTEGER,
  detail TEXT NOT NULL,
  identity TEXT,
  evidence JSON NOT NULL,
  page_parts JSON,
  model_id INTEGER,
  attempts INTEGER NOT NULL,
  blocks INTEGER NOT NULL,
  next_attempt_at FLOAT,
  updated_at FLOAT NOT NULL,
  PRIMARY KEY (source, mode, performer_id),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE,
  FOREIGN KEY(model_id) REFERENCES models (id)
);

CREATE INDEX IF NOT EXISTS lookups_by_performer ON lookups (performer_id);

CREATE INDEX IF NOT EXISTS lookups_found ON lookups (source, mode, model_id, performer_id) WHERE outcome = 'found';

CREATE INDEX IF NOT EXISTS lookups_revisit ON lookups (source, mode, updated_at, performer_id);

CREATE INDEX IF NOT EXISTS lookups_retry ON lookups (source, mode, performer_id, next_attempt_at, updated_at) WHERE next_attempt_at IS NOT NULL;

CREATE INDEX IF NOT EXISTS lookups_by_time ON lookups (source, updated_at);

CREATE TABLE IF NOT EXISTS pending (
  source TEXT NOT NULL,
  mode TEXT NOT NULL,
  performer_id INTEGER NOT NULL,
  gender TEXT NOT NULL,
  PRIMARY KEY (source, mode, performer_id),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
)
 WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS pending_by_performer ON pending (performer_id);

CREATE TABLE IF NOT EXISTS photos (
  id INTEGER NOT NULL,
  performer_id INTEGER NOT NULL,
  url TEXT NOT NULL,
  sha256 TEXT,
  duplicate_of INTEGER,
  phash TEXT,
  width INTEGER,
  height INTEGER,
  source TEXT NOT NULL,
  seen_at FLOAT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (performer_id, url),
  UNIQUE (performer_id, sha256),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE,
  FOREIGN KEY(duplicate_of) REFERENCES photos (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS photos_by_sha256 ON photos (sha256);

CREATE INDEX IF NOT EXISTS photos_by_phash ON photos (phash);

CREATE INDEX IF NOT EXISTS ix_photos_duplicate_of ON photos (duplicate_of);

CREATE TABLE IF NOT EXISTS proposals (
  id INTEGER NOT NULL,
  performer_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  label TEXT,
  source TEXT NOT NULL,
  url TEXT,
  seen_at FLOAT NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (performer_id, kind, value, source),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS suppressed_performers (
  performer_id INTEGER NOT NULL,
  kind TEXT NOT NULL,
  confirmed_at FLOAT,
  PRIMARY KEY (performer_id),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE
);

CREATE TABLE IF NOT EXISTS photo_results (
  photo_id INTEGER NOT NULL,
  model_id INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL,
  created_at FLOAT NOT NULL,
  PRIMARY KEY (photo_id, model_id),
  FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE,
  FOREIGN KEY(model_id) REFERENCES models (id)
);

CREATE TABLE IF NOT EXISTS faces (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  performer_id INTEGER NOT NULL,
  photo_id INTEGER NOT NULL,
  model_id INTEGER NOT NULL,
  source TEXT NOT NULL,
  vector BLOB,
  crop BLOB,
  box JSON NOT NULL,
  landmarks JSON NOT NULL,
  detection_score FLOAT NOT NULL,
  quality FLOAT NOT NULL,
  measures JSON NOT NULL,
  verdict TEXT NOT NULL,
  trusted BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  distances JSON NOT NULL,
  rule_version TEXT NOT NULL,
  created_at FLOAT NOT NULL,
  updated_at FLOAT NOT NULL,
  CONSTRAINT known_verdict CHECK (verdict IN ('accepted', 'rejected', 'quarantined', 'retired')),
  CONSTRAINT rejected_keeps_nothing CHECK (verdict <> 'rejected' OR (vector IS NULL AND crop IS NULL)),
  CONSTRAINT accepted_has_vector CHECK (verdict <> 'accepted' OR vector IS NOT NULL),
  FOREIGN KEY(performer_id) REFERENCES performers (id) ON DELETE CASCADE,
  FOREIGN KEY(photo_id) REFERENCES photos (id) ON DELETE CASCADE,
  FOREIGN KEY(model_id) REFERENCES models (id)
);

CREATE INDEX IF NOT EXISTS faces_by_performer ON faces (performer_id, model_id, verdict);

CREATE INDEX IF NOT EXISTS ix_faces_photo_id ON faces (photo_id);

CREATE INDEX IF NOT EXISTS faces_by_verdict ON faces (model_id, verdict, id);

CREATE TABLE IF NOT EXISTS verdict_history (
  id INTEGER NOT NULL,
  face_id INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  trusted BOOLEAN NOT NULL,
  reason TEXT NOT NULL,
  decided_by TEXT NOT NULL,
  at FLOAT NOT NULL,
  PRIMARY KEY (id),
  FOREIGN KEY(face_id) REFERENCES faces (id) ON DELETE CASCADE
);

CREATE INDEX IF NOT EXISTS ix_verdict_history_face_id ON verdict_history (face_id);
