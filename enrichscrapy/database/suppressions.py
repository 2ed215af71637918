"""Who must stay out: keyed digests of the links, ids and names of people who were forgotten.

The database holds HMAC-SHA256 digests only; the key is a file of mode 0600 beside it. Without that
file nobody could be recognised, so nothing goes on without it. A link or a stash-box id suppresses;
a name alone, which others may have too, blocks until a person has confirmed who it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Text, delete, func, select, update

from enrichscrapy.database.connection import Database, count_rows
from enrichscrapy.database.dialects.expressions import insert, listed
from enrichscrapy.database.performers import load_performers, read_performers_page, split_chunks
from enrichscrapy.database.schema import (
    external_urls,
    faces,
    merged_ids,
    performers,
    suppressed_performers,
    suppressions,
)
from enrichscrapy.database.suppression_key import Digester, make_key, read_key
from enrichscrapy.database.traits import Traits, gather_traits, make_comparable
from enrichscrapy.database.verdict_log import VerdictEntry, change_verdict, undo_verdict_of
from enrichscrapy.exceptions import SuppressionKeyMissing
from enrichscrapy.items import Performer, Verdict

STRENGTH = ("link", "id", "row", "name")
"""Kinds of suppression, the most certain first; the last one blocks only."""
_SPELLING = "spelling"
"""Digests that belong to a name: other ways to write it."""

_DECIDED_BY = "suppression"


class SuppressionStore:
    """Adds suppressions and tells who falls under them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def key_path(self) -> Path:
        return self._database.key_file

    def has_any(self, connection: Connection) -> bool:
        """Whether there are any; raises ``SuppressionKeyMissing`` when they cannot be told."""
        return self._make_digester(connection) is not None

    def check(self) -> None:
        """Raise ``SuppressionKeyMissing`` when there are suppressions that cannot be told.

        On a database that several machines share also where this one has another key than the
        first, or none: what it added would mean nothing to the others. The first one makes it.
        """
        with self._database.read() as connection:
            known = _find_proof(connection)
            self._make_digester(connection)
        if not self._database.is_shared:
            return
        if known is None:
            self._make_first_key()
        elif Digester(read_key(self.key_path)).proof != known:
            raise self._refuse_key()

    def _make_first_key(self) -> None:
        with self._database.write() as connection:
            if _find_proof(connection) is None:  # another machine may have been faster
                make_key(self.key_path)
                proof = Digester(read_key(self.key_path)).proof
                row = {"kind": "key", "digest": proof, "created_at": self._database.clock()}
                connection.execute(insert(suppressions).values(row))
        self.check()

    # --- Adding --------------------------------------------------------------------------------

    def add(self, traits: Traits, *, again: bool = True) -> int:
        """Suppress the person with these traits; return how many suppressions that added.

        Performers of the database that now match are blocked, and their faces leave the index.
        Not ``again``: they need not be looked for where nothing is added.
        """
        now = self._database.clock()
        with self._database.write() as connection:
            if not _has_any(connection) and _find_proof(connection) is None:
                make_key(self.key_path)
            digester = self._read_digester(connection)
            digests = [("key", digester.proof)]
            digests += [(kind, digester.digest(kind, text)) for kind, text in traits]
            statement = insert(suppressions).on_conflict_do_nothing()
            counted = (suppressions, suppressions.c.kind.in_(STRENGTH))
            before = count_rows(connection, *counted)
            connection.execute(
                statement,
                [{"kind": kind, "digest": digest, "created_at": now} for kind, digest in digests],
            )
            added = count_rows(connection, *counted) - before
            if added or again:
                self._refresh_all(connection, digester)
        return added

    # --- Telling -------------------------------------------------------------------------------

    def find_kind(self, connection: Connection, traits: Traits) -> str | None:
        """The most certain kind of suppression these traits match; None when they match none."""
        digester = self._make_digester(connection)
        if digester is None:
            return None
        digests = _make_digests(digester, traits)
        return _find_strongest(_read_kinds(connection, digests), digests)

    def find_kept_out(self, connection: Connection, found: Sequence[Performer]) -> set[int]:
        """Ids of those performers that must not be looked up, written or indexed."""
        digester = self._make_digester(connection)
        if digester is None:
            return set()
        confirmed = find_confirmed_namesakes(connection, [performer.id for performer in found])
        digests = {
            performer_id: _make_digests(digester, traits)
            for performer_id, traits in _gather_traits(connection, found)
        }
        known = _read_kinds(connection, set().union(*digests.values()))
        kinds = {
            performer_id: _find_strongest(known, of_them)
            for performer_id, of_them in digests.items()
        }
        return {
            performer_id
            for performer_id, kind in kinds.items()
            if kind is not None and not (kind == "name" and performer_id in confirmed)
        }

    def confirm(self, performer_id: int) -> bool:
        """Somebody has looked: this is not the forgotten person of that name.

        False when the performer is not blocked by name alone.
        """
        with self._database.write() as connection:
            return self.confirm_within(connection, performer_id)

    def confirm_within(self, connection: Connection, performer_id: int) -> bool:
        """The same, within a write transaction."""
        statement = update(suppressed_performers).where(
            suppressed_performers.c.performer_id == performer_id,
            suppressed_performers.c.kind == "name",
            suppressed_performers.c.confirmed_at.is_(None),
        )
        values = {"confirmed_at": self._database.clock()}
        done = connection.execute(statement.values(values)).rowcount > 0
        if done:
            self._give_back_faces(connection, performer_id)
        return done

    def refresh(self, connection: Connection, performer_ids: Sequence[int]) -> None:
        """Look again whether these performers match, after they were added or changed."""
        digester = self._make_digester(connection)
        if digester is None:
            return
        known = _read_known(connection)
        for chunk in split_chunks(performer_ids):
            self._refresh(connection, digester, load_performers(connection, chunk), known)

    def find_owners_of_link(self, connection: Connection, url: str) -> list[int]:
        """Performers who have this link, however it is written."""
        wanted = make_comparable(url)
        end = wanted.rpartition("/")[2]
        query = select(external_urls.c.performer_id, external_urls.c.url).where(
            func.lower(external_urls.c.url).contains(end, autoescape=True)
        )
        return [
            owner for owner, link in connection.execute(query) if make_comparable(link) == wanted
        ]

    def list_blocked(self) -> dict[int, str]:
        """Performers of the database that are kept out, and the kind of suppression."""
        query = select(suppressed_performers.c.performer_id, suppressed_performers.c.kind)
        with self._database.read() as connection:
            rows = connection.execute(query.where(suppressed_performers.c.confirmed_at.is_(None)))
            return dict(rows.all())

    def _refresh_all(self, connection: Connection, digester: Digester) -> None:
        known, after_id = _read_known(connection), 0
        while page := read_performers_page(connection, after_id, 1000):
            self._refresh(connection, digester, page, known)
            after_id = page[-1].id

    def _refresh(
        self,
        connection: Connection,
        digester: Digester,
        found: Sequence[Performer],
        known: _Known,
    ) -> None:
        for performer_id, traits in _gather_traits(connection, found):
            kind = _find_strongest(known.kinds, _make_digests(digester, traits))
            table = suppressed_performers
            if kind is None and performer_id not in known.blocked:
                continue
            if kind is None:
                gone = delete(table).where(table.c.performer_id == performer_id)
                if connection.execute(gone).rowcount:
                    self._give_back_faces(connection, performer_id)
                continue
            statement = insert(table).values(performer_id=performer_id, kind=kind)
            statement = statement.on_conflict_do_update(
                index_elements=["performer_id"],
                set_={"kind": kind, "confirmed_at": None},
                where=table.c.kind != kind,
            )
            connection.execute(statement)
            if performer_id not in find_confirmed_namesakes(connection, [performer_id]):
                self._take_faces(connection, performer_id)

    def _take_faces(self, connection: Connection, performer_id: int) -> None:
        """Nobody who is kept out stays in the index."""
        ruling = VerdictEntry(
            Verdict.QUARANTINED, False, "suppressed", _DECIDED_BY, self._database.clock()
        )
        query = select(faces.c.id).where(
            faces.c.performer_id == performer_id, faces.c.verdict == Verdict.ACCEPTED.value
        )
        for face_id in connection.scalars(query).all():
            change_verdict(connection, face_id, ruling)

    def _give_back_faces(self, connection: Connection, performer_id: int) -> None:
        query = select(faces.c.id).where(faces.c.performer_id == performer_id)
        for face_id in connection.scalars(query).all():
            undo_verdict_of(connection, face_id, _DECIDED_BY, self._database.clock())

    # --- The key -------------------------------------------------------------------------------

    def _make_digester(self, connection: Connection) -> Digester | None:
        """None while there is nothing to tell; the key is read again each time it is needed."""
        return self._read_digester(connection) if _has_any(connection) else None

    def _read_digester(self, connection: Connection) -> Digester:
        digester = Digester(read_key(self.key_path))
        if _find_proof(connection) not in (None, digester.proof):
            raise self._refuse_key()
        return digester

    def _refuse_key(self) -> SuppressionKeyMissing:
        return SuppressionKeyMissing(
            f"{self.key_path} is not the key of this database's suppressions: put the right one "
            "back, or name it with SUPPRESSION_KEY_FILE"
        )


@dataclass(frozen=True)
class _Known:
    """All suppressions and whom they block, for a look at many performers."""

    kinds: dict[str, str]
    blocked: set[int]


def _read_known(connection: Connection) -> _Known:
    blocked = set(connection.scalars(select(suppressed_performers.c.performer_id)))
    return _Known(_read_kinds(connection), blocked)


def _read_kinds(connection: Connection, digests: Iterable[str] | None = None) -> dict[str, str]:
    """What each digest suppresses by, of those that suppress somebody; by default of all."""
    query = select(suppressions.c.digest, suppressions.c.kind).where(
        suppressions.c.kind.in_([*STRENGTH, _SPELLING])
    )
    if digests is not None:
        query = query.where(suppressions.c.digest.in_(listed(digests, Text())))
    rows = connection.execute(query)
    return {digest: "name" if kind == _SPELLING else kind for digest, kind in rows}


def _make_digests(digester: Digester, traits: Traits) -> set[str]:
    return {digester.digest(kind, text) for kind, text in traits}


def _find_strongest(known: Mapping[str, str], digests: Iterable[str]) -> str | None:
    found = {known[digest] for digest in digests if digest in known}
    return next((kind for kind in STRENGTH if kind in found), None)


def _has_any(connection: Connection) -> bool:
    """The key's own digest suppresses nobody."""
    others = select(suppressions.c.id).where(suppressions.c.kind != "key")
    return connection.scalar(others.limit(1)) is not None


def _find_proof(connection: Connection) -> str | None:
    query = select(suppressions.c.digest).where(suppressions.c.kind == "key")
    return connection.scalar(query)


def find_confirmed_namesakes(connection: Connection, performer_ids: Iterable[int]) -> set[int]:
    """Those performers of whom somebody has confirmed that they only share a name."""
    table = suppressed_performers
    asked = table.c.performer_id.in_(listed(performer_ids))
    query = select(table.c.performer_id).where(asked, table.c.confirmed_at.is_not(None))
    return set(connection.scalars(query))


def _gather_traits(
    connection: Connection, found: Sequence[Performer]
) -> Iterator[tuple[int, Traits]]:
    for chunk in split_chunks(found):
        ids = [performer.id for performer in chunk]
        rows = dict(
            connection.execute(
                select(performers.c.id, performers.c.import_key).where(performers.c.id.in_(ids))
            ).all()
        )
        merged: dict[int, list[tuple[str, str]]] = {}
        query = select(
            merged_ids.c.performer_id, merged_ids.c.endpoint, merged_ids.c.merged_stashbox_id
        ).where(merged_ids.c.performer_id.in_(ids))
        for performer_id, endpoint, value in connection.execute(query):
            merged.setdefault(performer_id, []).append((endpoint, value))
        for performer in chunk:
            yield (
                performer.id,
                gather_traits(performer, merged.get(performer.id, ()), rows.get(performer.id)),
            )
