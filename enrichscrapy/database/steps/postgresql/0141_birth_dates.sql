-- Who may be a minor is asked at every crawl's start: without these, of all performers in turn.

CREATE INDEX performers_by_birth_date ON performers (birth_date);

CREATE INDEX performers_odd_birth_date ON performers (id)
  WHERE birth_date !~ '^[12][0-9]{3}(-[0-9][0-9]){0,2}$';
