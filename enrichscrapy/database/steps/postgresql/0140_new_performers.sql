-- Nothing can refer to a performer who is only just there: what is due of them need not be looked
-- for in the view.

CREATE FUNCTION welcome_performer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO pending (source, mode, performer_id, gender)
  SELECT name, 'name', NEW.id, lower(trim(coalesce(NEW.gender, ''))) FROM sources
   WHERE name NOT LIKE 'stashbox:%';
  RETURN NULL;
END $$;

DROP TRIGGER pending_performer_added ON performers;

CREATE TRIGGER pending_performer_added AFTER INSERT ON performers
  FOR EACH ROW EXECUTE FUNCTION welcome_performer();
