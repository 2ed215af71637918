"""Who is a minor by any source, and deleting all that was kept of them.

A word is the database's own birth date or a page's. Any one of them is enough, whenever it comes;
it counts until its own source says otherwise or the 18th birthday has come. The photos, faces and
proposals go in the transaction that brings the word.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select, update

from enrichscrapy.database.dialects.expressions import insert, is_odd_date, listed
from enrichscrapy.database.machines import ask_all
from enrichscrapy.database.performers import read_new_id, split_chunks
from enrichscrapy.database.schema import (
    erasures,
    faces,
    lookups,
    minors,
    performers,
    photos,
    proposals,
    sent_values,
    stash_pictures,
)
from enrichscrapy.database.verdict_log import log_removals
from enrichscrapy.facts.stored_dates import read_latest_birthday, to_utc_day
from enrichscrapy.identity.age import (
    ADULT,
    find_18th_birthday,
    find_whose_word,
    is_minor,
)
from enrichscrapy.items import Outcome, Performer

IN_THE_DATABASE = "database"
_DETAIL = "minor: says "


def note_birthdays(
    connection: Connection, performer_id: int, words: Mapping[str, dt.date | None], now: float
) -> bool:
    """Take in the latest day of birth by who says it; True when the performer is a minor.

    What was kept of a minor is withdrawn; of somebody who is one no longer, the lookups that
    ended so are due again. Who says nothing (None) changes nothing.
    """
    today = to_utc_day(now)
    for said_by, born in words.items():
        if born is None:
            continue
        if is_minor(born, today):
            _add_word(connection, performer_id, said_by, find_18th_birthday(born))
        else:
            _take_word_back(connection, performer_id, said_by, now)
    if not find_minors(connection, [performer_id], now):
        return False
    _withdraw(connection, performer_id, now)
    return True


def note_stored_dates(connection: Connection, performer_ids: Sequence[int], now: float) -> None:
    """The same for stored birth dates, after performers were added or changed."""
    for performer_id, born in _to_note(connection, performer_ids, now):
        note_birthdays(connection, performer_id, {IN_THE_DATABASE: born}, now)


def find_minors(connection: Connection, performer_ids: Sequence[int], now: float) -> set[int]:
    """Those of the performers that are minors by a word that was noted."""
    in_force = minors.c.adult_on > to_utc_day(now).isoformat()
    asked = minors.c.performer_id.in_(listed(performer_ids))
    return set(connection.scalars(select(minors.c.performer_id).where(asked, in_force)))


def find_whose_words(
    connection: Connection, found: Sequence[Performer], now: float
) -> dict[int, str]:
    """By whose word performers are minors, by id: ``the database`` or ``another source``."""
    noted = find_minors(connection, [performer.id for performer in found], now)
    words = dict.fromkeys(noted, "another source")
    today = to_utc_day(now)
    by_date = {p.id: "the database" for p in found if find_whose_word(p, None, today) is not None}
    return words | by_date


def withdraw_kept_minors(connection: Connection, now: float) -> None:
    """Withdraw what :func:`find_kept_minors` finds: an older version may have kept it, or another
    program have written the date.
    """
    found = find_kept_minors(connection, now)
    note_stored_dates(connection, found, now)
    for performer_id in found:
        _withdraw(connection, performer_id, now)


def find_kept_minors(connection: Connection, now: float) -> list[int]:
    """Minors of whom there are photos, faces or proposals: always none, unless something broke."""
    kept = [
        exists().where(table.c.performer_id == performers.c.id)
        for table in (faces, photos, proposals, sent_values, stash_pictures)
    ]
    today = to_utc_day(now)
    noted = performers.c.id.in_(select(minors.c.performer_id))
    # One query each, which an index answers: together they would read all performers.
    found = {
        performer_id: text
        for reason in (noted, *_list_doubts(today))
        for performer_id, text in connection.execute(
            select(performers.c.id, performers.c.birth_date).where(reason, or_(*kept))
        ).all()
    }
    by_page = find_minors(connection, list(found), now)
    born_late = {
        each for each, text in found.items() if is_minor(read_latest_birthday(text, today), today)
    }
    return sorted(by_page | born_late)


def _to_note(
    connection: Connection, performer_ids: Sequence[int], now: float
) -> Iterable[tuple[int, dt.date]]:
    """Who is a minor by the stored date, and who was noted as one."""
    today = to_utc_day(now)
    noted = minors.c.said_by == IN_THE_DATABASE
    for chunk in split_chunks(performer_ids):
        before = select(minors.c.performer_id).where(minors.c.performer_id.in_(chunk), noted)
        known = set(connection.scalars(before))
        query = select(performers.c.id, performers.c.birth_date).where(
            performers.c.id.in_(chunk),
            or_(performers.c.id.in_(known), *_list_doubts(today)),
        )
        for performer_id, text in connection.execute(query).all():
            born = read_latest_birthday(text, today)
            if born is not None and (performer_id in known or is_minor(born, today)):
                yield performer_id, born


def _list_doubts(today: dt.date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """What makes a stored date one that has to be read; nearly all are plainly an adult's."""
    born = performers.c.birth_date
    return born >= str(today.year - ADULT), is_odd_date(born)


def _add_word(connection: Connection, performer_id: int, said_by: str, day: dt.date) -> None:
    row = {"performer_id": performer_id, "said_by": said_by, "adult_on": day.isoformat()}
    statement = insert(minors).values(row)
    keys = ["performer_id", "said_by"]
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=row))


def _take_word_back(connection: Connection, performer_id: int, said_by: str, now: float) -> None:
    gone = delete(minors).filter_by(performer_id=performer_id, said_by=said_by)
    if connection.execute(gone).rowcount and not find_minors(connection, [performer_id], now):
        ended_so = lookups.c.detail.startswith(_DETAIL, autoescape=True)
        again = update(lookups).where(lookups.c.performer_id == performer_id, ended_so)
        connection.execute(again.values(next_attempt_at=now))


def _withdraw(connection: Connection, performer_id: int, now: float) -> None:
    log_removals(connection, performer_id)
    removed = [  # results and history go with photos and faces
        connection.execute(delete(table).where(table.c.performer_id == performer_id)).rowcount
        for table in (photos, faces, proposals, sent_values, stash_pictures)
    ]
    if any(removed):  # and what files hold of them goes as soon as no crawl runs
        row = {"kind": "minor", "person_id": performer_id, "begun_at": now}
        ask_all(connection, read_new_id(connection.execute(insert(erasures).values(row))))
    found = update(lookups).where(
        lookups.c.performer_id == performer_id, lookups.c.outcome == Outcome.FOUND.value
    )
    values = {"outcome": Outcome.MISMATCH.value, "detail": f"{_DETAIL}another source"}
    connection.execute(found.values(**values, evidence={}, next_attempt_at=None))
