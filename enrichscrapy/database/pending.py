"""Triggers of the ledger: who was never looked up, and whom a new link brings back.

"No row in the ledger" cannot be found by an index: with a million performers done, the search
for the last one would walk past all of them. So the answer to that question, the view
``never_looked_up``, is copied into ``pending``, and triggers renew a performer's part of the copy
whenever one of the tables behind it changes, in the same transaction. The view is the only
place that says who belongs there.

A new or changed link is new hope: its site's lookup by link, ended or given up, is due at once,
whoever wrote the link.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

VIEW = """
CREATE VIEW IF NOT EXISTS never_looked_up AS
SELECT s.name AS source, 'url' AS mode, p.id AS performer_id,
       lower(trim(coalesce(p.gender, ''))) AS gender
  FROM performers p, sources s
 WHERE EXISTS (SELECT 1 FROM external_urls u
                WHERE u.site = s.name AND u.performer_id = p.id AND u.normalized_id IS NOT NULL)
   AND NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'url' AND l.performer_id = p.id)
UNION ALL
SELECT s.name, 'name', p.id, lower(trim(coalesce(p.gender, '')))
  FROM performers p, sources s
 WHERE NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'name' AND l.performer_id = p.id)
   AND NOT EXISTS (SELECT 1 FROM lookups l
                    WHERE l.source = s.name AND l.mode = 'url' AND l.performer_id = p.id
                      AND l.outcome = 'found')
"""

_OF_URL = "performer_id = {row}.performer_id AND source = {row}.site AND mode = 'url'"
_OF_LOOKUP = "performer_id = {row}.performer_id AND source = {row}.source"

# A link to a site that is no source changes nothing: most links are such.
_NEW_IS_OURS = "WHEN NEW.site IN (SELECT name FROM sources)"
_OLD_WAS_OURS = "WHEN OLD.site IN (SELECT name FROM sources)"

# (trigger, event, condition, which of the performer's part of the copy is renewed)
_TRIGGERS = (
    ("performer_added", "INSERT ON performers", "", "performer_id = NEW.id"),
    ("performer_gender", "UPDATE OF gender ON performers", "", "performer_id = NEW.id"),
    ("url_added", "INSERT ON external_urls", _NEW_IS_OURS, _OF_URL.format(row="NEW")),
    ("url_changed_new", "UPDATE ON external_urls", _NEW_IS_OURS, _OF_URL.format(row="NEW")),
    ("url_changed_old", "UPDATE ON external_urls", _OLD_WAS_OURS, _OF_URL.format(row="OLD")),
    ("url_removed", "DELETE ON external_urls", _OLD_WAS_OURS, _OF_URL.format(row="OLD")),
    ("lookup_added", "INSERT ON lookups", "", _OF_LOOKUP.format(row="NEW")),
    ("lookup_changed", "UPDATE OF outcome ON lookups", "", _OF_LOOKUP.format(row="NEW")),
    ("lookup_removed", "DELETE ON lookups", "", _OF_LOOKUP.format(row="OLD")),
)

_COLUMNS = "source, mode, performer_id, gender"

_SOURCE_TRIGGER = """
CREATE TRIGGER IF NOT EXISTS pending_source_added AFTER INSERT ON sources BEGIN
  INSERT INTO pending (source, mode, performer_id, gender)
  SELECT source, mode, performer_id, gender FROM never_looked_up WHERE source = NEW.name;
END
"""

_WAKE = """
CREATE TRIGGER IF NOT EXISTS lookup_due_{name} AFTER {event} ON external_urls
WHEN NEW.site IN (SELECT name FROM sources) AND NEW.normalized_id IS NOT NULL BEGIN
  UPDATE lookups SET next_attempt_at = 0, attempts = 0, blocks = 0
   WHERE source = NEW.site AND mode = 'url' AND performer_id = NEW.performer_id
     AND next_attempt_at IS NULL;
END
"""

_DIFFERENCES = """
SELECT count(*) FROM (
  SELECT * FROM (SELECT source, mode, performer_id, gender FROM never_looked_up
                 EXCEPT SELECT source, mode, performer_id, gender FROM pending)
  UNION ALL
  SELECT * FROM (SELECT source, mode, performer_id, gender FROM pending
                 EXCEPT SELECT source, mode, performer_id, gender FROM never_looked_up))
"""


def create(connection: Connection) -> None:
    """Create the view and the triggers."""
    connection.execute(text(VIEW))
    for name, event, when, same in _TRIGGERS:
        statement = f"""
            CREATE TRIGGER IF NOT EXISTS pending_{name} AFTER {event} {when} BEGIN
              DELETE FROM pending WHERE {same};
              INSERT INTO pending ({_COLUMNS}) SELECT {_COLUMNS} FROM never_looked_up WHERE {same};
            END"""  # noqa: S608  # made of the constants above
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(_SOURCE_TRIGGER)
    connection.exec_driver_sql(_WAKE.format(name="by_new_link", event="INSERT"))
    connection.exec_driver_sql(_WAKE.format(name="by_changed_link", event="UPDATE OF url, site"))


def differences(connection: Connection) -> int:
    """In how many rows the copy differs from the view; anything but 0 is a fault."""
    return int(connection.execute(text(_DIFFERENCES)).scalar_one())
