"""The kinds of file that performers come from: databases of Stash and stash-sense, JSONL, CSV.

Each reader goes through its file once, holding one performer in memory. A file's kind is recognised
by its content, not by its name.
"""

from __future__ import annotations

import codecs
import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TextIO

from enrichscrapy.exceptions import ImportRowError, UnreadableFile
from enrichscrapy.facts.stashboxes import name_box
from enrichscrapy.facts.text import fold_line
from enrichscrapy.importing.records import (
    KNOWN,
    LISTS,
    Fault,
    ImportedLink,
    Record,
    clean_key,
    find_column,
    make_record,
)
from enrichscrapy.importing.sqlite_file import SqliteFile
from enrichscrapy.importing.stash_file import StashFileReader
from enrichscrapy.importing.stash_sense import StashSenseReader

MAX_LINE = 1 << 20
"""Bytes of the longest line that is read as a performer."""

MAX_SPAN = 200
"""Lines of the longest CSV row; beyond it a quote was left open."""
_OPEN_QUOTE = "a quote is opened and not closed; the lines after it are read on their own"
_DELIMITERS = ",;\t|"
_MAX_IGNORED = 50
_KNOWN = frozenset(KNOWN)


class Reader(Protocol):
    """Yields records and faults. ``position`` of ``total`` tells how far it is."""

    total: int
    unit: str
    """What a fault's number counts: ``line`` or ``row``."""
    ignored: list[str]
    """Columns, so far, that mean nothing to an import."""

    @property
    def position(self) -> int: ...

    def __iter__(self) -> Iterator[Record | Fault]: ...

    def close(self) -> None: ...


def open_reader(path: Path, own: Path | None = None) -> Reader:
    """The reader for a file; ``UnreadableFile`` says in one line why there is none.

    ``own`` is the database that is imported into: it is refused.
    """
    if own is not None and path.exists() and own.exists() and path.samefile(own):
        raise UnreadableFile(f"{path} is the database that DATABASE_URL names")
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}") from error
    if start.startswith(b"SQLite format 3\0"):
        return _open_database(path)
    if start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return JsonLinesReader(path)
    return CsvReader(path)


def _open_database(path: Path) -> Reader:
    file = SqliteFile(path)
    try:
        for kind in (StashSenseReader, StashFileReader):
            if kind.reads(file):
                return kind(file)
        raise UnreadableFile(
            f"{path} is another program's database: neither a stash-go.sqlite of Stash nor a "
            "performers.db of stash-sense"
        )
    except BaseException:
        file.close()
        raise


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
        self.ignored: list[str] = []
        self._file: BinaryIO = path.open("rb")

    def close(self) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[Record | Fault]:
        for line, raw in self._read_lines():
            self.position = self._file.tell()
            if not raw.strip():
                continue
            try:
                yield self._parse_record(line, raw)
            except ImportRowError as error:
                yield Fault(line, str(error), key=error.key)

    def _read_lines(self) -> Iterator[tuple[int, bytes]]:
        number = 0
        while raw := self._file.readline(MAX_LINE + 1):
            number += 1
            rest = raw
            while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
                rest = self._file.readline(MAX_LINE + 1)
            yield number, raw

    def _parse_record(self, line: int, raw: bytes) -> Record:
        if len(raw) > MAX_LINE:
            raise ImportRowError(f"the line is longer than {MAX_LINE} bytes")
        try:
            text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
            row = _JSON.decode(text)
        except UnicodeDecodeError as error:
            raise ImportRowError("not UTF-8") from error
        except json.JSONDecodeError as error:
            raise ImportRowError(f"not JSON: {error.msg} at column {error.colno}") from error
        except (RecursionError, ValueError) as error:  # nested too deep, a number of 5000 digits
            raise ImportRowError("not JSON that could be a performer") from error
        if not isinstance(row, dict):
            raise ImportRowError("not a JSON object")
        row = self._name_fields(row)
        ids = _read_box_ids(row.get("stashbox_ids") or {})
        return _build_record(line, row, _list(row, "aliases"), _list(row, "urls"), ids)

    def _name_fields(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row by the names that fields have here; empty ones are left out."""
        named: dict[str, Any] = {}
        for name, value in row.items():
            column = find_column(name)
            if column not in _KNOWN:
                self._ignore(name)
            elif value is not None and value != "":
                if column in LISTS and name != column and isinstance(value, str):
                    value = [value]  # "url": "…"
                if column in named and named[column] != value:
                    raise ImportRowError(f"two fields say {column}")
                named[column] = value
        return named

    def _ignore(self, name: str) -> None:
        if name not in self.ignored and len(self.ignored) < _MAX_IGNORED:
            self.ignored.append(name)


class CsvReader:
    """A header line with the names of :class:`JsonLinesReader`'s fields; lists are split at ``|``.

    ``stashbox_ids`` reads ``stashdb:<id>|theporndb:<id>``. UTF-8, or UTF-16 with its mark;
    commas, semicolons, tabs or ``|`` (lists are split at ``;`` then). A quote that is opened and
    not closed costs its line alone.
    """

    unit = "line"

    def __init__(self, path: Path) -> None:
        self.total = path.stat().st_size
        with path.open("rb") as start:
            is_utf16 = start.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        # Bytes that are not UTF-8 become surrogates: they cost their row, not the file.
        self._file = path.open(
            encoding="utf-16" if is_utf16 else "utf-8-sig",
            errors="replace" if is_utf16 else "surrogateescape",
            newline="",
        )
        self._lines = _Lines(self._file)
        try:
            self._header, self._delimiter = self._read_header(path)
        except BaseException:
            self._file.close()
            raise
        self._id = self._header.index("id" if "id" in self._header else "stashbox_ids")
        self._like = ""  # what an id looks like in this file
        self._rows = csv.reader(
            self._lines, delimiter=self._delimiter, strict=True, skipinitialspace=True
        )
        names = [name for name in self._header if name and name not in _KNOWN]
        self.ignored = names[:_MAX_IGNORED]

    def close(self) -> None:
        self._file.close()

    @property
    def position(self) -> int:
        return os.lseek(self._file.fileno(), 0, os.SEEK_CUR)

    def _read_header(self, path: Path) -> tuple[list[str], str]:
        line = next((line for line in self._lines if line.strip()), "")
        if line.strip().lower() in ("sep=;", "sep=,", "sep=\t"):  # Excel's own first line
            line = next(self._lines, "")
        header, delimiter = max(
            ((_split_cells(line, delimiter), delimiter) for delimiter in _DELIMITERS),
            key=lambda read: sum(name in _KNOWN for name in read[0]),
        )
        if "name" not in header:
            raise UnreadableFile(
                f"{path} is no performers.db, no JSONL and no CSV file with a column called name"
            )
        twice = [name for name, count in Counter(header).items() if name and count > 1]
        if twice:
            raise UnreadableFile(
                f"{path} has several columns for {fold_line(twice[0], 60)}: leave one of them"
            )
        if not {"id", "stashbox_ids"} & set(header):
            raise UnreadableFile(
                f"{path} has no column called id and none called stashbox_ids: give each performer "
                "an id that stays the same, so that the next import knows them again"
            )
        return header, delimiter

    def __iter__(self) -> Iterator[Record | Fault]:
        while True:
            self._lines.begin()
            fault, cells = "", []
            try:
                cells = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                fault = f"not CSV: {error}{self._lines.describe_span()}"
            line, own = self._lines.first, self._count_own_lines(bool(fault))
            if own < len(self._lines.taken):
                self._lines.go_back(own)
                fault = f"not CSV: {_OPEN_QUOTE}"
            if fault:
                yield Fault(line, fault)
            elif any(cells):
                try:
                    yield self._parse_record(line, cells)
                except ImportRowError as error:
                    yield Fault(line, str(error), key=error.key)

    def _count_own_lines(self, is_broken: bool) -> int:
        """How many of the lines taken are this row's: within an open quote there are others.

        In a well-formed row one line may look like a row of its own, in a note say, but not most.
        """
        more = self._lines.taken[1:]
        rows = [n for n, line in enumerate(more, 1) if self._is_row(line, is_broken)]
        return rows[0] if rows and (is_broken or 2 * len(rows) > len(more)) else len(more) + 1

    def _is_row(self, line: str, is_broken: bool) -> bool:
        """Whether a line, read on its own, looks like the row of a performer."""
        try:
            cells = next(csv.reader([line], delimiter=self._delimiter, skipinitialspace=True))
        except csv.Error:
            return False
        if len(cells) != len(self._header) and not (is_broken and len(cells) > self._id + 1):
            return False
        shape = _describe_shape(cells[self._id])
        quoted = '"' in "".join(cells[: self._id + 1])
        return bool(shape) and not quoted and shape == (self._like or shape)

    def _parse_record(self, line: int, cells: list[str]) -> Record:
        beyond = cells[len(self._header) :]
        if len(cells) < len(self._header) or any(map(str.strip, beyond)):
            raise ImportRowError(f"{len(cells)} columns where the header has {len(self._header)}")
        self._like = self._like or _describe_shape(cells[self._id])
        row = dict(zip(self._header, cells, strict=False))  # delimiters at its end say nothing
        between = ";" if self._delimiter == "|" else "|"
        aliases, ids = (
            [value for value in row.get(name, "").split(between) if value.strip()]
            for name in ("aliases", "stashbox_ids")
        )
        urls = [url for url in _BETWEEN_URLS.split(row.get("urls", "")) if url.strip()]
        pairs = [value.rpartition(":")[::2] for value in ids]
        return _build_record(line, row, aliases, urls, dict(pairs))


class _Lines:
    """The lines of a file, which a reader may go back to when it took too many for one row."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._again: list[str] = []
        self.first = 1
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MAX_SPAN:
            raise csv.Error(f"a quote is not closed within {MAX_SPAN} lines")
        line = self._again.pop() if self._again else self._file.readline(MAX_LINE)
        if not line:
            raise StopIteration
        if len(line) == MAX_LINE and not line.endswith(("\n", "\r")):
            while (rest := self._file.readline(MAX_LINE)) and not rest.endswith(("\n", "\r")):
                pass
            line += "\n"  # longer than a cell may be: csv refuses it
        self.taken.append(line)
        return line

    def begin(self) -> None:
        """Start a new row with the next line."""
        self.first += len(self.taken)
        self.taken = []

    def go_back(self, own: int) -> None:
        """Give back all but the first ``own`` of the lines taken."""
        self._again += reversed(self.taken[own:])
        del self.taken[own:]

    def describe_span(self) -> str:
        """Which lines were taken, where it is more than one."""
        last = self.first + len(self.taken) - 1
        return f" (lines {self.first} to {last})" if last > self.first else ""


_BETWEEN_URLS = re.compile(r"\s*\|\s*|[\s,;]+(?=https?://)")


def _split_cells(line: str, delimiter: str) -> list[str]:
    """The columns a header line names, read with this delimiter."""
    try:
        cells = csv.reader([line], delimiter=delimiter, skipinitialspace=True)
        return [find_column(cell) for cell in next(cells, [])]
    except csv.Error:
        return []


def _describe_shape(text: str) -> str:
    """What an id looks like, whatever its size: ``17`` -> ``9``, ``p17`` -> ``a9``."""
    if len(text) == 36 and text.count("-") == 4:
        return "uuid"
    return re.sub(r"\d+", "9", re.sub(r"[^\W\d_]+", "a", text.strip()))


def _make_row(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise ImportRowError("two fields have the same name")
    return row


_JSON = json.JSONDecoder(object_pairs_hook=_make_row)


def _build_record(
    line: int, row: Mapping[str, Any], aliases: list[Any], urls: list[Any], ids: Mapping[str, Any]
) -> Record:
    key = row.get("id")
    try:
        record = make_record(line, key, {**row, "canonical_name": row.get("name")})
        record.add_aliases((alias, None) for alias in aliases)
        record.add_links(ImportedLink(url) for url in urls)
        record.add_ids(ids.items())
    except ImportRowError as error:
        error.key = clean_key(key) if isinstance(key, str | int | float) else None
        raise
    return record


def _read_box_ids(value: Any) -> Mapping[str, Any]:
    """Stash-box ids by endpoint; Stash itself writes a list of ``endpoint`` and ``stash_id``."""
    if isinstance(value, list) and all(isinstance(one, dict) for one in value):
        return {name_box(str(one.get("endpoint"))): one.get("stash_id") for one in value}
    if not isinstance(value, dict):
        raise ImportRowError("stashbox_ids is not an object")
    return value


def _list(row: Mapping[str, Any], name: str) -> list[Any]:
    value = row.get(name) or []
    if not isinstance(value, list):
        raise ImportRowError(f"{name} is not a list")
    return value
