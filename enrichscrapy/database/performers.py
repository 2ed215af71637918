"""Performers, their names, links and ids: reading and writing within a transaction.

Every function takes the transaction's connection; :class:`PerformerDatabase` opens it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, CursorResult, Row, Select, select, tuple_, update

from enrichscrapy.database.birth_dates import note_read, note_unread, split_birth_date
from enrichscrapy.database.dialects.expressions import insert
from enrichscrapy.database.links import Link, read_link
from enrichscrapy.database.schema import (
    aliases,
    external_urls,
    performers,
    stashbox_ids,
)
from enrichscrapy.facts.text import MAX_STORED_LINK, MAX_STORED_NAME, is_longer
from enrichscrapy.items import PartialDate, Performer

OWN_COLUMNS = frozenset(performers.columns.keys()) - {"id", "created_at", "updated_at"}
"""Columns of ``performers`` a caller may write."""

_PERFORMER_COLUMNS = [
    performers.c[name] for name in Performer.__dataclass_fields__ if name in performers.columns
]
_MAX_PARAMETERS = 500
T = TypeVar("T")


def split_chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Pieces that are short enough for one ``IN (…)``."""
    return (values[i : i + _MAX_PARAMETERS] for i in range(0, len(values), _MAX_PARAMETERS))


@lru_cache(maxsize=8)  # a batch of rows has one time
def format_time(now: float) -> str:
    """UTC, to the second, as the imported tables write their times."""
    return dt.datetime.fromtimestamp(now, dt.UTC).isoformat(timespec="seconds")


def read_new_id(result: CursorResult[Any]) -> int:
    """The id of the row an INSERT has made."""
    key = result.inserted_primary_key
    assert key is not None  # a single-row INSERT has one
    return int(key[0])


def insert_performer(connection: Connection, values: Mapping[str, Any], now: float) -> int:
    """Add a performer and return its id; ``ValueError`` without a name, or with one too long.

    A birth date that cannot be read keeps the performer from being looked up.
    """
    name = str(values.get("canonical_name") or "").strip()
    if not name:
        raise ValueError("a performer needs a name")
    _check_length(name, MAX_STORED_NAME, "a name")
    row = dict(
        values, canonical_name=name, created_at=format_time(now), updated_at=format_time(now)
    )
    row["birth_date"], unread = split_birth_date(row.get("birth_date"))
    performer_id = read_new_id(connection.execute(insert(performers).values(row)))
    note_unread(connection, {performer_id: unread} if unread else {})
    return performer_id


def set_birth_date(
    connection: Connection, performer_id: int, date: PartialDate, now: float
) -> None:
    """Somebody knows the birth date: whatever a file said of it no longer matters."""
    statement = update(performers).where(performers.c.id == performer_id)
    connection.execute(statement.values(birth_date=str(date), updated_at=format_time(now)))
    note_read(connection, [performer_id])


def insert_alias(
    connection: Connection, performer_id: int, alias: str, source: str | None, now: float
) -> bool:
    """Add an alias; False when it was there, ``ValueError`` when it is blank or too long."""
    alias = alias.strip()
    if not alias:
        raise ValueError("an alias cannot be blank")
    _check_length(alias, MAX_STORED_NAME, "an alias")
    statement = insert(aliases).values(
        performer_id=performer_id, alias=alias, source_endpoint=source, created_at=format_time(now)
    )
    return connection.execute(statement.on_conflict_do_nothing()).rowcount > 0


def insert_url(
    connection: Connection,
    performer_id: int,
    url: str,
    now: float,
    *,
    source: str | None = None,
    confidence: float | None = None,
) -> bool:
    """Add a link (a trigger makes its site's ended lookup due); False when it was there.

    Raises ``ValueError`` when it is no web address, or too long.
    """
    link = read_link(url)
    _check_length(link.url, MAX_STORED_LINK, "a link")
    row = make_link_row(performer_id, link, source, confidence, now)
    statement = insert(external_urls).values(row).on_conflict_do_nothing()
    return connection.execute(statement).rowcount > 0


def make_link_row(
    performer_id: int, link: Link, source: str | None, confidence: float | None, now: float
) -> dict[str, Any]:
    """A row of ``external_urls``."""
    return {
        "performer_id": performer_id,
        "site": link.site,
        "url": link.url,
        "normalized_id": link.normalized_id,
        "source_endpoint": source,
        "confidence": confidence,
        "created_at": format_time(now),
    }


def insert_stashbox_id(
    connection: Connection, performer_id: int, endpoint: str, stashbox_performer_id: str
) -> bool:
    """Add a stash-box id; False when it was there, ``ValueError`` when it is somebody else's or
    too long."""
    _check_length(endpoint + stashbox_performer_id, MAX_STORED_NAME, "a stash-box id")
    values = {"endpoint": endpoint, "stashbox_performer_id": stashbox_performer_id}
    statement = insert(stashbox_ids).values(performer_id=performer_id, **values)
    if connection.execute(statement.on_conflict_do_nothing()).rowcount > 0:
        return True
    owner = connection.scalar(select(stashbox_ids.c.performer_id).filter_by(**values))
    if owner != performer_id:
        raise ValueError(f"the {endpoint} id belongs to performer {owner}")
    return False


def _check_length(text: str, limit: int, what: str) -> None:
    if is_longer(text, limit):
        raise ValueError(f"{what} cannot be longer than {limit:,} bytes")


def load_performers(connection: Connection, ids: Iterable[int]) -> list[Performer]:
    """The performers with these ids that exist, in id order, with all that belongs to them."""
    found: list[Performer] = []
    for chunk in split_chunks(sorted(set(ids))):
        query = select(*_PERFORMER_COLUMNS).where(performers.c.id.in_(chunk))
        rows = connection.execute(query.order_by(performers.c.id)).all()
        found += _add_names_and_links(connection, rows)
    return found


def read_performers_page(connection: Connection, after_id: int, limit: int) -> list[Performer]:
    """Up to ``limit`` performers with ids above ``after_id``, in id order."""
    query = select(*_PERFORMER_COLUMNS).where(performers.c.id > after_id)
    rows = connection.execute(query.order_by(performers.c.id).limit(limit)).all()
    return [
        performer
        for chunk in split_chunks(rows)
        for performer in _add_names_and_links(connection, chunk)
    ]


class Known(NamedTuple):
    """All of a performer that counting names takes."""

    id: int
    canonical_name: str
    birth_date: str | None
    country: str | None
    aliases: Sequence[str]


def read_names_page(connection: Connection, after_id: int, limit: int) -> list[Known]:
    """Up to ``limit`` performers with higher ids, in id order."""
    columns = [performers.c[name] for name in Known._fields[:-1]]
    query = select(*columns).where(performers.c.id > after_id)
    rows = connection.execute(query.order_by(performers.c.id).limit(limit)).all()
    last = rows[-1].id if rows else after_id
    query = select(aliases.c.performer_id, aliases.c.alias)
    names = _group_values(
        connection, query.where(aliases.c.performer_id.between(after_id + 1, last))
    )
    return [Known._make((*row, names.get(row[0], ()))) for row in rows]


def read_site_urls_page(
    connection: Connection, site: str, after: tuple[int, int], limit: int
) -> Sequence[tuple[int, str, str, int]]:
    """Up to ``limit`` (performer id, name, url, url id) of a site, after (performer id, url id).

    Paged by both ids: by the performer's alone, a page's end would lose links.
    """
    key = tuple_(external_urls.c.performer_id, external_urls.c.id)
    query = (
        select(
            external_urls.c.performer_id,
            performers.c.canonical_name,
            external_urls.c.url,
            external_urls.c.id,
        )
        .join(performers, performers.c.id == external_urls.c.performer_id)
        .where(external_urls.c.site == site, key > after)
        .order_by(external_urls.c.performer_id, external_urls.c.id)
        .limit(limit)
    )
    return connection.execute(query).all()


def _add_names_and_links(connection: Connection, rows: Sequence[Row[Any]]) -> list[Performer]:
    ids = [row.id for row in rows]
    names = _group_values(connection, _select_values(ids, aliases, aliases.c.alias))
    urls = _group_values(connection, _select_values(ids, external_urls, external_urls.c.url))
    boxes = select(
        stashbox_ids.c.performer_id,
        stashbox_ids.c.endpoint,
        stashbox_ids.c.stashbox_performer_id,
    )
    boxes = boxes.where(stashbox_ids.c.performer_id.in_(ids)).order_by(*stashbox_ids.c)
    stashboxes: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for performer_id, endpoint, value in connection.execute(boxes):
        stashboxes[performer_id].append((endpoint, value))
    return [
        Performer(
            **row._mapping,
            aliases=tuple(names[row.id]),
            urls=tuple(urls[row.id]),
            stashbox_ids=tuple(stashboxes[row.id]),
        )
        for row in rows
    ]


def _select_values(ids: Sequence[int], table: Any, column: Any) -> Select[Any]:
    query = select(table.c.performer_id, column).where(table.c.performer_id.in_(ids))
    return query.order_by(table.c.performer_id, table.c.id)


def _group_values(connection: Connection, query: Select[Any]) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = defaultdict(list)
    for performer_id, value in connection.execute(query):
        groups[performer_id].append(value)
    return groups
