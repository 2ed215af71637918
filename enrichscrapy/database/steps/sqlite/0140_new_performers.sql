-- Nothing can refer to a performer who is only just there: what is due of them need not be looked
-- for in the view, which took most of an import.

DROP TRIGGER pending_performer_added;

CREATE TRIGGER pending_performer_added AFTER INSERT ON performers BEGIN
  INSERT INTO pending (source, mode, performer_id, gender)
  SELECT name, 'name', NEW.id, lower(trim(coalesce(NEW.gender, ''))) FROM sources
   WHERE name NOT GLOB 'stashbox:*';
END;
