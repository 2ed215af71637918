"""Removing a person from the database file: rows, vectors, crops, history, and the free pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Text, cast, delete, func, select, update

from enrichscrapy.database.engine import checkpoint_and_vacuum
from enrichscrapy.database.links import link_of
from enrichscrapy.database.performers import load_performers
from enrichscrapy.database.schema import (
    faces,
    hosts,
    lookups,
    merged_ids,
    metadata,
    performers,
    photo_results,
    photos,
    proposals,
    stashbox_ids,
    verdict_history,
)
from enrichscrapy.database.traits import Traits, is_uuid, traits_of
from enrichscrapy.database.verdict_log import log_removals
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.forgetting.mentions import Mentions
from enrichscrapy.identity.decide import name_key
from enrichscrapy.items import Identity, Outcome, Performer

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase

OF_A_PERFORMER = {
    table.name for table in metadata.sorted_tables if "performer_id" in table.columns
} | {"performers", "photo_results", "verdict_history"}
"""Tables whose rows belong to one performer: they go with the performer's own row."""

OF_NOBODY = {
    "models": "face models",
    "sources": "names of sites",
    "hosts": "pace of hosts; a reason that mentions the person is blanked",
    "face_changes": "numbers of faces, which are never given again",
    "artefacts": "paths; the files themselves are cleaned",
    "origin": "what tells this database from any other",
    "erasures": "what was begun, and of whom until it is done",
    "suppressions": "keyed digests",
    "schema_migrations": "names of steps",
}
"""Tables that outlive a performer, and why they may."""


@dataclass(frozen=True)
class Person:
    """Whom to forget; ``performer`` is None for somebody the database does not have."""

    performer: Performer | None
    traits: Traits


def find_person(db: PerformerDatabase, text: str) -> Person:
    """Whom an id, a stash-box id, a link or a name means.

    Somebody who is gone can be named again: nobody gets their id. ``BadSetting`` for an id that
    was never given and for a name or link that several have.
    """
    text = text.strip()
    if text.isdecimal():
        performer = db.get_performer(int(text))
        if performer is None and int(text) > db.last_performer_id():
            raise BadSetting(f"there is no performer {text}")
        return _person(db, performer) if performer is not None else Person(None, Traits())
    by_id = db.find_by_stashbox_id(text) or db.find_by_stashbox_id(text.lower())
    if by_id is not None:
        return _person(db, by_id)
    is_link = "://" in text
    if is_link:
        _check_link(text)
    found = list(_with_link(db, text) if is_link else _with_name(db, text))
    if len(found) > 1:
        ids = ", ".join(str(performer.id) for performer in found)
        raise BadSetting(f"several performers have it: {ids}; name one of them by id")
    if found:
        return _person(db, found[0])
    if is_uuid(text):
        return Person(None, Traits(ids=[("", text)]))
    return Person(None, Traits(links=[text]) if is_link else Traits(names=[text]))


def _check_link(url: str) -> None:
    try:
        link_of(url)
    except ValueError as error:
        raise BadSetting(str(error)) from error


def _with_link(db: PerformerDatabase, url: str) -> Iterator[Performer]:
    with db.read() as connection:
        yield from load_performers(connection, db.suppressions.owners_of_link(connection, url))


def _with_name(db: PerformerDatabase, name: str) -> Iterator[Performer]:
    key = name_key(name)
    for performer in db.iter_performers_after_id():
        if key and key in map(name_key, (performer.canonical_name, *performer.aliases)):
            yield performer


def _person(db: PerformerDatabase, performer: Performer) -> Person:
    with db.read() as connection:
        row = connection.scalar(
            select(performers.c.import_key).where(performers.c.id == performer.id)
        )
        merged = connection.execute(
            select(merged_ids.c.endpoint, merged_ids.c.merged_stashbox_id).where(
                merged_ids.c.performer_id == performer.id
            )
        ).all()
        pages = connection.scalars(
            select(lookups.c.url).where(
                lookups.c.performer_id == performer.id,
                lookups.c.outcome == Outcome.FOUND.value,
                lookups.c.identity == Identity.CONFIRMED.value,
                lookups.c.url.is_not(None),
            )
        ).all()
        shots = connection.execute(
            select(photos.c.url, photos.c.sha256).where(photos.c.performer_id == performer.id)
        ).all()
    traits = traits_of(performer, [(endpoint, value) for endpoint, value in merged], row)
    traits.links += [page for page in pages if page not in traits.links]
    traits.traces = [trace for shot in shots for trace in shot if trace]
    return Person(performer, traits)


def erase_rows(db: PerformerDatabase, performer_id: int, person: Person) -> dict[str, int]:
    """Remove a performer and every mention in the rows of others; return counts by table.

    One transaction. ``vectors`` and ``crops`` are counted apart; ``mentions`` counts rows of
    others that were blanked or removed.
    """
    mentions = Mentions(person.traits)
    strangers = _rows_of_others(db, performer_id, mentions)
    with db.write() as connection:
        counts = _counts(connection, performer_id)
        log_removals(connection, performer_id)
        for statement in strangers:
            connection.execute(statement)
        connection.execute(delete(performers).where(performers.c.id == performer_id))
    return {**counts, "mentions": len(strangers)}


def same_person(backup: PerformerDatabase, person: Person) -> list[int]:
    """Ids in an older copy of the database that are this person."""
    found = set()
    if person.performer is not None:
        then = backup.get_performer(person.performer.id)
        if then is not None and then.canonical_name == person.performer.canonical_name:
            found.add(then.id)
    with backup.read() as connection:
        for endpoint, value in person.traits.ids:
            query = select(stashbox_ids.c.performer_id).filter_by(
                endpoint=endpoint, stashbox_performer_id=value
            )
            found |= set(connection.scalars(query))
    return sorted(found)


def shrink(db: PerformerDatabase) -> bool:
    """Rewrite the file without its free pages and empty the WAL.

    False when another program kept the WAL from being emptied.
    """
    return checkpoint_and_vacuum(db.engine, db.path)


def _counts(connection: Connection, performer_id: int) -> dict[str, int]:
    def count(query: Any) -> int:
        return connection.scalar(query) or 0

    of_photos = photo_results.join(photos, photos.c.id == photo_results.c.photo_id)
    of_faces = verdict_history.join(faces, faces.c.id == verdict_history.c.face_id)
    counts = {
        table.name: count(
            select(func.count()).select_from(table).where(table.c.performer_id == performer_id)
        )
        for table in metadata.sorted_tables
        if "performer_id" in table.columns and table.name != "pending"
    }
    mine = faces.c.performer_id == performer_id
    counts["performers"] = count(
        select(func.count()).select_from(performers).where(performers.c.id == performer_id)
    )
    counts["photo_results"] = count(
        select(func.count()).select_from(of_photos).where(photos.c.performer_id == performer_id)
    )
    counts["verdict_history"] = count(select(func.count()).select_from(of_faces).where(mine))
    counts["vectors"] = count(select(func.count(faces.c.vector)).where(mine))
    counts["crops"] = count(select(func.count(faces.c.crop)).where(mine))
    return counts


def _rows_of_others(db: PerformerDatabase, performer_id: int, mentions: Mentions) -> list[Any]:
    """Statements that blank what lookups of other performers, proposals and hosts say of them.

    A namesake's rows are left alone: there the name is the namesake's own.
    """
    with db.read() as connection:
        found = [
            *_mentioning_lookups(connection, performer_id, mentions),
            *_mentioning_proposals(connection, performer_id, mentions),
        ]
        others = load_performers(connection, [owner for owner, _ in found])
        namesakes = {
            other.id for other in others if mentions.any_of((other.canonical_name, *other.aliases))
        }
        reasons = connection.execute(select(hosts.c.host, hosts.c.circuit_reason)).all()
    blank_reason = update(hosts).values(circuit_reason=None)
    return [
        *(statement for owner, statement in found if owner not in namesakes),
        *(blank_reason.where(hosts.c.host == host) for host, why in reasons if why in mentions),
    ]


def _mentioning_lookups(
    connection: Connection, performer_id: int, mentions: Mentions
) -> Iterator[tuple[int, Any]]:
    columns = (lookups.c.url, lookups.c.detail, cast(lookups.c.evidence, Text))
    query = select(lookups.c.source, lookups.c.mode, lookups.c.performer_id, *columns)
    query = query.where(lookups.c.performer_id != performer_id)
    for source, mode, owner, *texts in map(tuple, connection.execute(query)):
        if mentions.any_of(texts):
            url, detail, _ = (None if text in mentions else text for text in texts)
            blank: dict[str, Any] = {"url": url, "detail": detail or "", "evidence": {}}
            row = update(lookups).filter_by(source=source, mode=mode, performer_id=owner)
            yield owner, row.values(blank)


def _mentioning_proposals(
    connection: Connection, performer_id: int, mentions: Mentions
) -> Iterator[tuple[int, Any]]:
    columns = (proposals.c.value, proposals.c.url)
    query = select(proposals.c.id, proposals.c.performer_id, *columns)
    query = query.where(proposals.c.performer_id != performer_id)
    for row_id, owner, *texts in map(tuple, connection.execute(query)):
        if mentions.any_of(texts):
            yield owner, delete(proposals).where(proposals.c.id == row_id)
