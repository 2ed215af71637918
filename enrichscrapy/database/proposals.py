"""What a page knows and the record lacks: proposed, and never written over the user's data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, update

from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.links import read_link
from enrichscrapy.database.schema import proposals
from enrichscrapy.facts.stashboxes import find_box
from enrichscrapy.facts.stored_dates import read_stored_date
from enrichscrapy.facts.text import MAX_STORED_LINK, is_longer
from enrichscrapy.identity.compare import read_countries
from enrichscrapy.identity.evidence import make_page_key
from enrichscrapy.items import Lookup, PartialDate, Performer, Profile


@dataclass(frozen=True)
class Proposal:
    """``kind`` and ``label`` as in the table ``proposals``."""

    kind: str
    value: str
    label: str | None = None


def propose(performer: Performer, profile: Profile, source: str) -> Iterator[Proposal]:
    """All that the profile says and the performer's record does not, each once."""
    for alias in find_new_aliases(performer, profile):
        yield Proposal("alias", alias)
    for kind, url in find_new_links(performer, profile, source):
        yield Proposal("link", url, kind)
    if (born := profile.birth_date) and _says_more(born, performer.birth_date):
        yield Proposal("birth_date", str(born))
    if (died := profile.death_date) and _says_more(died, performer.death_date):
        yield Proposal("death_date", str(died))
    if profile.country and not read_countries(performer.country):
        yield Proposal("country", profile.country)


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

    Left out are links that are no web address or too long, and a stash-box's page, whose id is
    kept.
    """
    known = {make_page_key(url) or url for url in performer.urls} | set(performer.urls)
    own = [] if find_box(source) else [(source, profile.url)]
    listed = [(kind, url) for kind, urls in profile.links.items() for url in urls]
    for kind, url in [*own, *listed]:
        try:
            stored = read_link(url).url
        except ValueError:
            continue
        key = make_page_key(stored) or stored
        if not (key in known or stored in known or is_longer(stored, MAX_STORED_LINK)):
            known |= {key, stored}
            yield kind, stored


def write_proposals(
    connection: Connection, performer: Performer, lookup: Lookup, now: float
) -> int:
    """Write what is new on the page that was found; return how many proposals that added."""
    profile = lookup.profile
    assert profile is not None  # the caller asks for found lookups only
    identity = lookup.identity.value if lookup.identity else None
    added = 0
    for proposal in propose(performer, profile, lookup.source):
        key = {"performer_id": performer.id, "source": lookup.source, **asdict(proposal)}
        row = {**key, "url": profile.url, "seen_at": now, "identity": identity, "state": "open"}
        new = connection.execute(insert(proposals).values(row).on_conflict_do_nothing()).rowcount
        added += new
        if not new:  # by now it may be surer whose page it is
            key.pop("label")
            connection.execute(update(proposals).filter_by(**key).values(identity=identity))
    return added


def _says_more(date: PartialDate, stored: str | None) -> bool:
    """Whether it fills in what the stored date leaves open, and contradicts nothing of it."""
    known = read_stored_date(stored)
    if known is None:
        return not stored
    return _count_parts(date) > _count_parts(known) and not date.contradicts(known)


def _count_parts(date: PartialDate) -> int:
    return sum(part is not None for part in (date.year, date.month, date.day))


def _fold(name: str) -> str:
    return " ".join(name.split()).casefold()
