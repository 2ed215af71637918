-- As in SQLite, which did not take the index without the date.

DROP INDEX performers_odd_birth_date;

CREATE INDEX performers_odd_birth_date ON performers (birth_date, id)
  WHERE birth_date !~ '^[12][0-9]{3}(-[0-9][0-9]){0,2}$';
