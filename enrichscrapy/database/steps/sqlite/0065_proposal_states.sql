-- What became of a proposal, by whose word, and how sure it was whose page it stood on.

ALTER TABLE proposals ADD COLUMN identity TEXT;

ALTER TABLE proposals ADD COLUMN state TEXT NOT NULL DEFAULT 'open';

ALTER TABLE proposals ADD COLUMN decided_by TEXT;

ALTER TABLE proposals ADD COLUMN decided_at FLOAT;

ALTER TABLE proposals ADD COLUMN replaced TEXT;

CREATE INDEX IF NOT EXISTS proposals_by_state ON proposals (state, performer_id, id);

-- The plus keeps SQLite from walking through a whole source by time for each proposal.
UPDATE proposals SET identity = (
  SELECT l.identity FROM lookups l
   WHERE +l.source = proposals.source AND l.performer_id = proposals.performer_id
     AND l.outcome = 'found' ORDER BY l.updated_at DESC LIMIT 1);
