"""Whose name is near to a word that is nobody's: for "did you mean …?"."""

from __future__ import annotations

from collections.abc import Mapping

from rapidfuzz import fuzz, process
from sqlalchemy import Connection, select, union_all

from enrichscrapy.database.schema import aliases, performers
from enrichscrapy.facts.names import split_name

MOST = 3
"""Performers that are proposed."""
_NEAR = 80.0  # of 100: a typing error in a name or in one of its words


def find_near_names(connection: Connection, word: str) -> list[int]:
    """Ids of performers of whose name or alias ``word`` is a part or a misspelling, best first."""
    sought = " ".join(split_name(word))
    names = _read_names(connection) if sought else {}
    found: dict[int, float] = {}
    for scorer in (fuzz.token_set_ratio, fuzz.ratio):
        near = process.extract(sought, names, scorer=scorer, score_cutoff=_NEAR, limit=10 * MOST)
        for name, _, (owner, _) in near:
            found[owner] = max(fuzz.ratio(sought, name), found.get(owner, 0.0))
    return sorted(found, key=lambda owner: (-found[owner], owner))[:MOST]


def _read_names(connection: Connection) -> Mapping[tuple[int, str], str]:
    """Every name and alias as comparable words, by its owner and as it is written."""
    query = union_all(
        select(performers.c.id, performers.c.canonical_name),
        select(aliases.c.performer_id, aliases.c.alias),
    )
    return {(owner, name): " ".join(split_name(name)) for owner, name in connection.execute(query)}
