"""Triggers of the ledger: who was never looked up, and who is due again by a new link.

"No row in the ledger" cannot be found by an index: with a million performers done, the search
for the last one would walk past all of them. So the answer to that question, the view
``never_looked_up``, is copied into ``pending``, and triggers renew a performer's part of the copy
whenever one of the tables behind it changes, in the same transaction. The view is the only
place that says who belongs there. Whose birth date nobody could read does not.

A new or changed link makes its site's lookup by link, ended or given up, due at once, whatever
program wrote the link. View and triggers are made by the steps in ``migrations.py``.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

_DIFFERENCES = """
SELECT count(*) FROM (
  SELECT * FROM (SELECT source, mode, performer_id, gender FROM never_looked_up
                 EXCEPT SELECT source, mode, performer_id, gender FROM pending)
  UNION ALL
  SELECT * FROM (SELECT source, mode, performer_id, gender FROM pending
                 EXCEPT SELECT source, mode, performer_id, gender FROM never_looked_up))
"""


def count_differences(connection: Connection) -> int:
    """In how many rows the copy differs from the view; anything but 0 is a fault."""
    return int(connection.execute(text(_DIFFERENCES)).scalar_one())
