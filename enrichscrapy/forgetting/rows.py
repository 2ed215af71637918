"""Removing a person from the database file: rows, vectors, crops, history, and the free pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Text, cast, delete, literal, select, update

from enrichscrapy.database.connection import count_rows
from enrichscrapy.database.dialects.expressions import insert, matches
from enrichscrapy.database.links import read_link
from enrichscrapy.database.performers import load_performers
from enrichscrapy.database.schema import (
    faces,
    hosts,
    import_rows,
    lookups,
    merged_ids,
    metadata,
    performers,
    photo_results,
    photos,
    proposals,
    sent_values,
    stashbox_ids,
    verdict_history,
)
from enrichscrapy.database.traits import Traits, gather_traits
from enrichscrapy.database.verdict_log import log_removals
from enrichscrapy.database.whom import find_whom, is_box_id
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.facts.stashboxes import name_box
from enrichscrapy.forgetting.mentions import Mentions
from enrichscrapy.items import Identity, Outcome, Performer

if TYPE_CHECKING:
    from enrichscrapy.database.performer_database import PerformerDatabase

_OWN_ID = re.compile(r"\d+|(?:id|row)[:=].*", re.I)

OF_A_PERFORMER = {
    table.name for table in metadata.sorted_tables if "performer_id" in table.columns
} | {"performers", "photo_results", "verdict_history", "face_vectors", "rejected_faces"}
"""Tables whose rows belong to one performer: they go with the performer's own row."""

OF_NOBODY = {
    "models": "face models",
    "sources": "names of sites",
    "hosts": "pace of hosts; a reason that mentions the person is blanked",
    "face_changes": "numbers of faces, which are never given again",
    "artefacts": "paths; the files themselves are cleaned",
    "origin": "what tells this database from any other",
    "stash_servers": "addresses of the user's own servers",
    "erasures": "what was begun, and of whom until it is done",
    "suppressions": "keyed digests",
    "schema_migrations": "names of steps",
    "machines": "names of machines",
    "workers": "process ids of crawls",
    "erasure_answers": "which machines have carried out an erasure",
    "visits": "when the gallery was looked at, and the number of a face",
}
"""Tables that outlive a performer, and why they may."""


@dataclass(frozen=True)
class Person:
    """Whom to forget; ``performer`` is None for somebody the database does not have.

    ``near`` are performers whose name is like the one that was given.
    """

    performer: Performer | None
    traits: Traits
    near: tuple[Performer, ...] = ()

    @property
    def is_stranger(self) -> bool:
        """Nobody the database has, or had: there is nothing to remove but what files say."""
        return self.performer is None and self.traits != Traits()


def find_person(db: PerformerDatabase, text: str) -> Person:
    """Whom an id, a stash-box id, a link or a name means.

    Somebody who is gone can be named again by the id: nobody else gets it. ``BadSetting`` for an
    id that was never given and for what could mean several people: a number
    that is one performer's id here and another's in an imported file, a shared name or link.
    """
    text = text.strip()
    if "://" in text:
        _check_link(text)
    meant = find_whom(db, [text], bare_is_local=False)[0]
    if meant.performer is not None:
        return _make_person(db, meant.performer)
    own = _OWN_ID.fullmatch(text)
    if not meant.found and own and int(re.sub(r"\D", "", text)) <= db.get_last_performer_id():
        return Person(None, Traits())
    if meant.found or meant.doubt or own:
        raise BadSetting(meant.refusal)
    return Person(None, _read_traits(text), tuple(meant.near))


def _read_traits(text: str) -> Traits:
    """What is to be kept out of somebody whom the database does not have."""
    if "://" in text:
        return Traits(links=[text])
    box, _, value = text.rpartition(":")
    return Traits(ids=[(name_box(box), value)]) if is_box_id(value) else Traits(names=[text])


def _check_link(url: str) -> None:
    try:
        read_link(url)
    except ValueError as error:
        raise BadSetting(str(error)) from error


def _make_person(db: PerformerDatabase, performer: Performer) -> Person:
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
    traits = gather_traits(performer, [(endpoint, value) for endpoint, value in merged], row)
    traits.links += [page for page in pages if page not in traits.links]
    traits.traces = [trace for shot in shots for trace in shot if trace]
    return Person(performer, traits)


def erase_rows(db: PerformerDatabase, performer_id: int, person: Person) -> dict[str, int]:
    """Remove a performer and every mention in the rows of others; return counts by table.

    One transaction. ``vectors`` and ``crops`` are counted apart; ``mentions`` counts rows of
    others that were blanked or removed.
    """
    mentions = Mentions(person.traits)
    strangers = _blank_rows_of_others(db, performer_id, mentions)
    with db.write() as connection:
        counts = _count_rows(connection, performer_id)
        log_removals(connection, performer_id)
        for statement in strangers:
            connection.execute(statement)
        _leave_numbers(connection, performer_id)
        connection.execute(delete(performers).where(performers.c.id == performer_id))
    return {**counts, "mentions": len(strangers)}


def erase_mentions(db: PerformerDatabase, performer_id: int, person: Person) -> None:
    """Remove what the rows of others say of a performer who is gone."""
    found = _blank_rows_of_others(db, performer_id, Mentions(person.traits))
    with db.write() as connection:
        for statement in found:
            connection.execute(statement)


def _leave_numbers(connection: Connection, performer_id: int) -> None:
    """The numbers that imported files gave this person stay taken: a folder so called is nobody's.

    Bare numbers only, without file or name.
    """
    columns = ["row_id", "file", "name"]
    numbers = select(import_rows.c.row_id, literal(""), literal("")).where(
        import_rows.c.performer_id == performer_id,
        ~matches(import_rows.c.row_id, "[^0-9]", anywhere=True),
    )
    statement = insert(import_rows).from_select(columns, numbers.distinct())
    connection.execute(statement.on_conflict_do_nothing())


def find_same_person(backup: PerformerDatabase, person: Person) -> list[int]:
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


def _count_rows(connection: Connection, performer_id: int) -> dict[str, int]:
    of_photos = photo_results.join(photos, photos.c.id == photo_results.c.photo_id)
    of_faces = verdict_history.join(faces, faces.c.id == verdict_history.c.face_id)
    counts = {
        table.name: count_rows(connection, table, table.c.performer_id == performer_id)
        for table in metadata.sorted_tables
        if "performer_id" in table.columns and table.name != "pending"
    }
    owned = faces.c.performer_id == performer_id
    of_person = photos.c.performer_id == performer_id
    counts["performers"] = count_rows(connection, performers, performers.c.id == performer_id)
    counts["photo_results"] = count_rows(connection, of_photos, of_person)
    counts["verdict_history"] = count_rows(connection, of_faces, owned)
    counts["vectors"] = count_rows(connection, faces, owned, faces.c.vector.is_not(None))
    counts["crops"] = count_rows(connection, faces, owned, faces.c.crop.is_not(None))
    return counts


def _blank_rows_of_others(
    db: PerformerDatabase, performer_id: int, mentions: Mentions
) -> list[Any]:
    """Statements that blank what lookups of other performers, proposals and hosts say of them.

    A namesake's rows are left alone: there the name is the namesake's own.
    """
    with db.read() as connection:
        found = [
            *_find_mentioning_lookups(connection, performer_id, mentions),
            *_find_mentioning_proposals(connection, performer_id, mentions),
            *_find_mentioning_sent(connection, performer_id, mentions),
        ]
        others = load_performers(connection, [owner for owner, _ in found])
        namesakes = {
            other.id
            for other in others
            if mentions.match_any((other.canonical_name, *other.aliases))
        }
        reasons = connection.execute(select(hosts.c.host, hosts.c.circuit_reason)).all()
    blank_reason = update(hosts).values(circuit_reason=None)
    return [
        *(statement for owner, statement in found if owner not in namesakes),
        *(blank_reason.where(hosts.c.host == host) for host, why in reasons if why in mentions),
    ]


def _find_mentioning_lookups(
    connection: Connection, performer_id: int, mentions: Mentions
) -> Iterator[tuple[int, Any]]:
    columns = (lookups.c.url, lookups.c.page, lookups.c.detail, cast(lookups.c.evidence, Text))
    query = select(lookups.c.source, lookups.c.mode, lookups.c.performer_id, *columns)
    query = query.where(lookups.c.performer_id != performer_id)
    for source, mode, owner, *texts in map(tuple, connection.execute(query)):
        if mentions.match_any(texts):
            url, page, detail, _ = (None if text in mentions else text for text in texts)
            blank: dict[str, Any] = {"url": url, "page": page}
            blank |= {"detail": detail or "", "evidence": {}}
            row = update(lookups).filter_by(source=source, mode=mode, performer_id=owner)
            yield owner, row.values(blank)


def _find_mentioning_proposals(
    connection: Connection, performer_id: int, mentions: Mentions
) -> Iterator[tuple[int, Any]]:
    columns = (proposals.c.value, proposals.c.url)
    query = select(proposals.c.id, proposals.c.performer_id, *columns)
    query = query.where(proposals.c.performer_id != performer_id)
    for row_id, owner, *texts in map(tuple, connection.execute(query)):
        if mentions.match_any(texts):
            yield owner, delete(proposals).where(proposals.c.id == row_id)


def _find_mentioning_sent(
    connection: Connection, performer_id: int, mentions: Mentions
) -> Iterator[tuple[int, Any]]:
    columns = [sent_values.c[name] for name in ("performer_id", "stash", "kind", "value")]
    query = select(*columns).where(sent_values.c.performer_id != performer_id)
    for row in connection.execute(query).mappings():
        if row["value"] in mentions:
            yield row["performer_id"], delete(sent_values).filter_by(**row)
