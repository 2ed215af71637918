"""What a page knows and the performer has not: proposed, never written over the user's data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert

from enrichscrapy.database.links import read_link
from enrichscrapy.database.schema import proposals
from enrichscrapy.items import Performer, Profile


def find_new_aliases(performer: Performer, profile: Profile) -> Iterator[str]:
    """Names of the profile under which the performer is not known, each once."""
    known = {_fold(name) for name in (performer.canonical_name, *performer.aliases)}
    for name in (profile.name, *profile.aliases):
        if name.strip() and _fold(name) not in known:
            known.add(_fold(name))
            yield " ".join(name.split())


def find_new_links(
    performer: Performer, profile: Profile, source: str
) -> Iterator[tuple[str, str]]:
    """(kind, url) of links the performer has not, each once; the profile's own page first.

    What is no web address is left out.
    """
    known = set(performer.urls)
    listed = [(kind, url) for kind, urls in profile.links.items() for url in urls]
    for kind, url in [(source, profile.url), *listed]:
        try:
            stored = read_link(url).url
        except ValueError:
            continue
        if stored not in known:
            known.add(stored)
            yield kind, stored


def write_proposals(
    connection: Connection, performer: Performer, profile: Profile, source: str, now: float
) -> int:
    """Write what is new and return how many proposals that added."""
    common = {"performer_id": performer.id, "source": source, "url": profile.url, "seen_at": now}
    rows: list[dict[str, Any]] = [
        {**common, "kind": "alias", "value": alias, "label": None}
        for alias in find_new_aliases(performer, profile)
    ]
    rows += [
        {**common, "kind": "link", "value": url, "label": kind}
        for kind, url in find_new_links(performer, profile, source)
    ]
    added = 0
    for row in rows:
        statement = insert(proposals).values(row).on_conflict_do_nothing()
        added += connection.execute(statement).rowcount
    return added


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
