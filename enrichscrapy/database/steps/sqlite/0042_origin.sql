-- The token that tells this database from any other.

CREATE TABLE IF NOT EXISTS origin (token TEXT PRIMARY KEY NOT NULL);

INSERT INTO origin SELECT lower(hex(randomblob(16)));
