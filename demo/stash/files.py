"""Writes a ``stash-go.sqlite`` as some version of Stash would have it, of performers only."""

from __future__ import annotations

import datetime as dt
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from demo.stash.library import StashPerformer

OLDEST, NEWEST = 28, 86
_ACCOUNTS = {"twitter": "twitter.com", "instagram": "instagram.com"}


def write_stash_file(
    path: Path,
    performers: Iterable[StashPerformer],
    schema: int = NEWEST,
    blobs: Path | None = None,
    *,
    is_migrating: bool = False,
) -> Path:
    """Write the performers as schema number ``schema`` keeps them, and return ``path``.

    With ``blobs`` the pictures lie in that folder, as Stash can be told to keep them. What an old
    schema has no place for is left out, as Stash's own users had to.
    """
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        file = _File(connection, schema, blobs)
        file.create(is_migrating)
        for performer in performers:
            file.write(performer)
    return path


class _File:
    def __init__(self, connection: sqlite3.Connection, schema: int, blobs: Path | None) -> None:
        self.connection = connection
        self.schema = schema
        self.blobs = blobs if schema >= 45 else None

    def create(self, is_migrating: bool) -> None:
        for table, columns in self._tables():
            self.connection.execute(f"CREATE TABLE {table} ({columns})")
        row = (self.schema, is_migrating)
        self.connection.execute("INSERT INTO schema_migrations VALUES (?, ?)", row)

    def _tables(self) -> Iterator[tuple[str, str]]:
        yield "schema_migrations", "version uint64, dirty bool"
        for table in ("scenes", "studios", "tags"):
            yield table, "id integer primary key autoincrement"
        yield "performers", ", ".join(self._columns())
        of_performer = "performer_id integer NOT NULL REFERENCES performers(id)"
        at = ", updated_at datetime" if self.schema >= 69 else ""
        yield "performer_stash_ids", f"{of_performer}, endpoint varchar, stash_id varchar{at}"
        if self.schema >= 42:
            yield "performer_aliases", f"{of_performer}, alias varchar NOT NULL"
        if self.schema >= 62:
            yield "performer_urls", f"{of_performer}, position integer NOT NULL, url varchar"
        if self.schema >= 45:
            yield "blobs", "checksum varchar PRIMARY KEY, blob blob"
        else:
            yield "performers_image", f"{of_performer}, image blob NOT NULL"

    def _columns(self) -> Iterator[str]:
        yield "id integer PRIMARY KEY AUTOINCREMENT"
        yield "name varchar(255)" + (" NOT NULL" if self.schema >= 62 else "")
        yield from ("gender varchar(20)", "birthdate date", "death_date date", "country varchar")
        yield from ("ethnicity varchar", "eye_color varchar", "hair_color varchar")
        yield "height int" if self.schema >= 39 else "height varchar"
        yield from ("favorite boolean", "created_at datetime", "updated_at datetime")
        if self.schema < 42:
            yield from ("checksum varchar", "aliases varchar")
        else:
            yield "disambiguation varchar"
        if self.schema >= 45:
            yield "image_blob varchar REFERENCES blobs(checksum)"
        if self.schema < 62:
            yield from ("url varchar", "twitter varchar", "instagram varchar")
        if self.schema >= 75:
            yield from ("birthdate_precision tinyint", "death_date_precision tinyint")
        if self.schema < 85:
            yield "career_length varchar"
        if self.schema >= 78:
            kind = "date" if self.schema >= 85 else "integer"
            yield from (f"career_start {kind}", f"career_end {kind}")
        if self.schema >= 85:
            yield from ("career_start_precision tinyint", "career_end_precision tinyint")

    def write(self, performer: StashPerformer) -> None:
        self._insert("performers", **dict(self._values(performer)))
        mine = {"performer_id": performer.id}
        for endpoint, value in performer.stash_ids:
            self._insert("performer_stash_ids", **mine, endpoint=endpoint, stash_id=value)
        if self.schema >= 42:
            for alias in performer.alias_list:
                self._insert("performer_aliases", **mine, alias=alias)
        if self.schema >= 62:
            for position, url in enumerate(performer.urls):
                self._insert("performer_urls", **mine, position=position, url=url)
        if self.schema < 45 and performer.image is not None:
            self._insert("performers_image", **mine, image=performer.image)

    def _insert(self, table: str, **values: Any) -> None:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  # our names
        self.connection.execute(statement, list(values.values()))

    def _values(self, performer: StashPerformer) -> Iterator[tuple[str, Any]]:
        for name in ("id", "name", "gender", "country", "ethnicity", "eye_color", "hair_color"):
            yield name, getattr(performer, name)
        yield "height", performer.height_cm
        yield "favorite", performer.favorite
        for name in ("created_at", "updated_at"):
            yield name, _time(getattr(performer, name))
        for name in ("birthdate", "death_date"):
            yield from self._date(name, getattr(performer, name), self.schema >= 75)
        if self.schema < 42:
            yield "checksum", hashlib.md5(performer.name.encode()).hexdigest()  # noqa: S324
            yield "aliases", ", ".join(performer.alias_list)
        else:
            yield "disambiguation", performer.disambiguation
        if self.schema >= 45 and performer.image is not None:
            yield "image_blob", self._keep(performer.image)
        if self.schema < 62:
            yield from _older_links(performer.urls)
        if self.schema < 85:
            yield "career_length", performer.career_length
        for name in ("career_start", "career_end"):
            text = getattr(performer, name)
            if self.schema >= 85:
                yield from self._date(name, text, True)
            elif self.schema >= 78:
                yield name, int(text[:4]) if text else None

    def _date(self, name: str, text: str | None, precise: bool) -> Iterator[tuple[str, Any]]:
        """A partial date is filled up to a whole one; newer versions say how much of it is true."""
        yield name, f"{text}-01-01"[:10] if text else None
        if precise and text:
            yield f"{name}_precision", 2 - text.count("-")

    def _keep(self, image: bytes) -> str:
        checksum = hashlib.md5(image).hexdigest()  # noqa: S324  # Stash's own
        inside = None if self.blobs else image
        statement = "INSERT OR IGNORE INTO blobs VALUES (?, ?)"
        self.connection.execute(statement, (checksum, inside))
        if self.blobs:
            place = self.blobs / checksum[:2] / checksum[2:4]
            place.mkdir(parents=True, exist_ok=True)
            (place / checksum).write_bytes(image)
        return checksum


def _older_links(urls: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A link each: accounts by the user's name alone, as people typed them."""
    said: dict[str, str] = {}
    for url in urls:
        parts = urlsplit(url)
        host = (parts.hostname or "").removeprefix("www.")
        column = next((name for name, known in _ACCOUNTS.items() if known == host), "url")
        said.setdefault(column, url if column == "url" else parts.path.strip("/"))
    yield from said.items()


def _time(time: dt.datetime) -> str:
    return time.isoformat(timespec="seconds").replace("+00:00", "Z")
