ALTER TABLE hosts ADD COLUMN robots_text BLOB;
