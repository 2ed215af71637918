"""The three kinds of file that performers come from: stash-sense database, JSONL, CSV.

Each reader goes through its file once, holding one performer in memory. A file is told by what is
in it, not by its name.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from enrichscrapy.exceptions import ImportRowError, UnreadableFile
from enrichscrapy.importing.records import (
    COLUMNS,
    Fault,
    ImportedLink,
    Record,
    new_record,
)
from enrichscrapy.importing.stash_sense import StashSenseReader

MAX_LINE = 1 << 20
"""Bytes of a line beyond which it is no performer."""

_LISTS = ("aliases", "urls", "stashbox_ids")
_KNOWN = {"id", "name", *COLUMNS, *_LISTS}


class Reader(Protocol):
    """Yields records and faults. ``position`` of ``total`` tells how far it is."""

    total: int
    position: int
    unit: str
    """What a fault's number counts: ``line`` or ``row``."""

    def __iter__(self) -> Iterator[Record | Fault]: ...

    def close(self) -> None: ...


def open_reader(path: Path) -> Reader:
    """The reader for a file; ``UnreadableFile`` says in one line why there is none."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}") from error
    if start.startswith(b"SQLite format 3\0"):
        return StashSenseReader(path)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return JsonLinesReader(path)
    return CsvReader(path)


class JsonLinesReader:
    """One JSON object a line.

    ``{"id": 7, "name": "…", "gender": "FEMALE", "birth_date": "1983-10", "country": "ES",
    "disambiguation": "…", "aliases": ["…"], "urls": ["…"], "stashbox_ids": {"stashdb": "…"}}``;
    only ``name`` and either ``id`` or ``stashbox_ids`` are needed, and the other columns of
    ``performers`` may be there.
    """

    unit = "line"

    def __init__(self, path: Path) -> None:
        self.total = path.stat().st_size
        self.position = 0
        self._file: BinaryIO = path.open("rb")

    def close(self) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Record | Fault]:
        for line, raw in self._lines():
            self.position = self._file.tell()
            if not raw.strip():
                continue
            try:
                yield self._record(line, raw)
            except ImportRowError as error:
                yield Fault(line, str(error))

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        while raw := self._file.readline(MAX_LINE + 1):
            number += 1
            rest = raw
            while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
                rest = self._file.readline(MAX_LINE + 1)
            yield number, raw

    def _record(self, line: int, raw: bytes) -> Record:
        if len(raw) > MAX_LINE:
            raise ImportRowError(f"the line is longer than {MAX_LINE} bytes")
        try:
            row = json.loads(raw.decode("utf-8-sig" if line == 1 else "utf-8"))
        except UnicodeDecodeError as error:
            raise ImportRowError("not UTF-8") from error
        except json.JSONDecodeError as error:
            raise ImportRowError(f"not JSON: {error.msg} at column {error.colno}") from error
        except (RecursionError, ValueError) as error:  # nested too deep, a number of 5000 digits
            raise ImportRowError("not JSON that could be a performer") from error
        if not isinstance(row, dict):
            raise ImportRowError("not a JSON object")
        ids = row.get("stashbox_ids") or {}
        if not isinstance(ids, dict):
            raise ImportRowError("stashbox_ids is not an object")
        return _record(line, row, _list(row, "aliases"), _list(row, "urls"), ids)


class CsvReader:
    """A header line with the names of :class:`JsonLinesReader`'s fields; lists are split at ``|``.

    ``stashbox_ids`` reads ``stashdb:<id>|theporndb:<id>``. UTF-8, with commas.
    """

    unit = "line"

    def __init__(self, path: Path) -> None:
        self.total = path.stat().st_size
        self.position = 0
        # Bytes that are not UTF-8 become surrogates: they cost their row, not the file.
        self._file = path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._rows = csv.reader(self._file, strict=True)
        try:
            header = [name.strip().lower() for name in next(self._rows, [])]
        except csv.Error as error:
            raise UnreadableFile(f"{path} is no CSV file: {error}") from error
        if not {"name", "canonical_name"} & set(header):
            self._file.close()
            raise UnreadableFile(
                f"{path} is no performers.db, no JSONL and no CSV file with a column called name"
            )
        self._header = header

    def close(self) -> None:
        self._file.close()

    @property
    def ignored(self) -> list[str]:
        """Columns that mean nothing to an import."""
        return [name for name in self._header if name not in _KNOWN]

    def __iter__(self) -> Iterator[Record | Fault]:
        while True:
            line = self._rows.line_num + 1
            try:
                cells = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Fault(line, f"not CSV: {error}")
                continue
            self.position = os.lseek(self._file.fileno(), 0, os.SEEK_CUR)
            if not any(cells):
                continue
            try:
                yield self._record(line, cells)
            except ImportRowError as error:
                yield Fault(line, str(error))

    def _record(self, line: int, cells: list[str]) -> Record:
        if len(cells) != len(self._header):
            raise ImportRowError(f"{len(cells)} columns where the header has {len(self._header)}")
        row = dict(zip(self._header, cells, strict=True))
        lists = {name: [v for v in row.get(name, "").split("|") if v.strip()] for name in _LISTS}
        ids = [value.partition(":")[::2] for value in lists["stashbox_ids"]]
        return _record(line, row, lists["aliases"], lists["urls"], dict(ids))


def _record(
    line: int, row: Mapping[str, Any], aliases: list[Any], urls: list[Any], ids: Mapping[str, Any]
) -> Record:
    name = row.get("name") or row.get("canonical_name")
    record = new_record(line, row.get("id"), {**row, "canonical_name": name})
    record.add_aliases((alias, None) for alias in aliases)
    record.add_links(ImportedLink(url) for url in urls)
    record.add_ids(ids.items())
    return record


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    value = row.get(name) or []
    if not isinstance(value, list):
        raise ImportRowError(f"{name} is not a list")
    return value
