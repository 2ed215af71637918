"""The columns of an imported file, CSV or other, read strictly, with every fault named."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from rapidfuzz import process

from enrichscrapy.database.links import Link, read_link
from enrichscrapy.exceptions import ImportRowError
from enrichscrapy.facts.dates import is_plain_day
from enrichscrapy.facts.genders import read_gender
from enrichscrapy.facts.names import split_name
from enrichscrapy.facts.stashboxes import name_box
from enrichscrapy.facts.stored_dates import is_cut, is_empty_date, read_stored_date
from enrichscrapy.facts.text import (
    MAX_STORED_LINK,
    MAX_STORED_NAME,
    fold,
    fold_line,
    is_longer,
    strip_notes,
)

TEXT_COLUMNS = (
    "disambiguation",
    "country",
    "ethnicity",
    "eye_color",
    "hair_color",
    "stashdb_updated_at",
    "image_url",
)
DATE_COLUMNS = ("birth_date", "death_date")
NUMBER_COLUMNS = (
    "height_cm",
    "career_start_year",
    "career_end_year",
    "scene_count",
    "face_count",
)
_NO_VALUE = frozenset({"", "nan", "NaN", "NaT", "<NA>", "#N/A"})
"""How tables write that a cell is empty, where it is not left so."""
_SEE_TO = "until somebody enters it (scrapy birth-date)"
_TOO_LONG = f"longer than {MAX_STORED_NAME:,} bytes"
_WHOLE = re.compile(r"(\d+)\.0+")
COLUMNS = ("canonical_name", "gender", *TEXT_COLUMNS, *DATE_COLUMNS, *NUMBER_COLUMNS)
"""Columns of ``performers`` an import fills, where the file has them."""
LISTS = ("aliases", "urls", "stashbox_ids")
KNOWN = ("id", "name", *COLUMNS[1:], "birth_year", *LISTS)
"""What a CSV file's columns and a JSON object's fields may be called."""
_ALSO_CALLED = {
    "canonical_name": "name",
    "performer": "name",
    "performer_name": "name",
    "sex": "gender",
    "birthday": "birth_date",
    "birthdate": "birth_date",
    "date_of_birth": "birth_date",
    "dob": "birth_date",
    "born": "birth_date",
    **dict.fromkeys(("d_o_b", "birth", "birth_day", "born_on", "date_born"), "birth_date"),
    **dict.fromkeys(("birthyear", "year_of_birth", "year_born", "yob"), "birth_year"),
    **dict.fromkeys(("geburtsdatum", "date_de_naissance", "fecha_de_nacimiento"), "birth_date"),
    "deathdate": "death_date",
    "alias": "aliases",
    "alias_list": "aliases",
    "aka": "aliases",
    "url": "urls",
    "link": "urls",
    "links": "urls",
    "stash_ids": "stashbox_ids",
    "stashbox_id": "stashbox_ids",
    "stash_box_ids": "stashbox_ids",
}


@lru_cache(maxsize=1024)
def find_column(text: str) -> str:
    """What a column is called here, however the file writes it: ``Birthday`` -> ``birth_date``."""
    text = strip_notes(unicodedata.normalize("NFKC", text)) or text
    name = re.sub(r"[\s\-.]+", "_", fold(text).casefold()).strip("_")
    return _ALSO_CALLED.get(name, name)


def describe_ignored_column(text: str) -> str:
    """One line on a column that means nothing here, and what was perhaps meant."""
    near = process.extractOne(find_column(text), [*KNOWN, *_ALSO_CALLED], score_cutoff=70)
    meant = f": did you mean {find_column(near[0])}?" if near else ""
    return f"column {fold_line(text, 60)!r} is not known and was ignored{meant}"


@dataclass(frozen=True)
class Fault:
    """Something of a file that was not taken: a whole row, or a value of a row that was.

    ``key`` is the id of a row that was not taken, where it could be read.
    """

    line: int
    reason: str
    whole_row: bool = True
    key: str | None = None


class ImportedLink(NamedTuple):
    """A link as the file has it; only ``url`` is needed."""

    url: Any
    source: Any = None
    confidence: Any = None
    normalized_id: Any = None


@dataclass
class Record:
    """A performer of an imported file, cleaned.

    ``fields`` holds what the file says (absent: it says nothing); ``key`` is the row's id in
    its file; ``faults`` are values that were left out; ``unread_birth_date`` is one that cannot be
    read; ``picture`` identifies the performer's present picture.
    """

    line: int
    key: str | None
    fields: dict[str, Any]
    aliases: list[tuple[str, str | None]] = field(default_factory=list)
    links: list[tuple[Link, str | None, float | None]] = field(default_factory=list)
    stashbox_ids: list[tuple[str, str]] = field(default_factory=list)
    merged_ids: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    unread_birth_date: str | None = None
    picture: str | None = None

    def leave_out(self, reason: str) -> None:
        self.faults.append(Fault(self.line, reason, whole_row=False))

    def add_aliases(self, values: Iterable[tuple[Any, Any]]) -> None:
        """Add (alias, source) pairs; blank ones and the name itself say nothing new, and one that
        is too long is left out."""
        seen = {alias for alias, _ in self.aliases} | {self.fields["canonical_name"]}
        for value, source in values:
            alias = clean_name(value)
            if alias and is_longer(alias, MAX_STORED_NAME):
                self.leave_out(f"alias left out: {_TOO_LONG}")
            elif alias and alias not in seen:
                seen.add(alias)
                self.aliases.append((alias, _clean_source(source)))

    def add_links(self, links: Iterable[ImportedLink]) -> None:
        """Add links; one that is no web address or too long is left out."""
        for link in links:
            try:
                read = _read_link(link)
            except ValueError as error:
                self.leave_out(f"link left out: {error}")
            else:
                sure = link.confidence if isinstance(link.confidence, int | float) else None
                self.links.append((read, _clean_source(link.source), sure))

    def add_ids(self, values: Iterable[tuple[Any, Any]]) -> None:
        """Add (endpoint, id) pairs of stash-boxes; incomplete ones are left out."""
        for endpoint, value in values:
            if pair := _read_box_id(endpoint, value):
                self.stashbox_ids.append(pair)
            else:
                self.leave_out(
                    "stash-box id left out: it needs an endpoint and an id, together no longer "
                    f"than {MAX_STORED_NAME:,} bytes"
                )

    def add_merged_ids(self, values: Iterable[tuple[Any, Any]]) -> None:
        """The same of ids that were merged into the performer's; incomplete ones say nothing."""
        for endpoint, value in values:
            if pair := _read_box_id(endpoint, value):
                self.merged_ids.append(pair)


def make_record(line: int, key: Any, values: Mapping[str, Any]) -> Record:
    """Clean a row's own columns; ``ImportRowError`` without a name, or with one too long."""
    name, key = clean_name(values.get("canonical_name")), clean_key(key)
    if not name:
        raise ImportRowError("no name")
    for what, text in (("name", name), ("id", key)):
        if text and is_longer(text, MAX_STORED_NAME):
            raise ImportRowError(f"its {what} is {_TOO_LONG}")
    record = Record(line, key, {"canonical_name": name})
    values = {**values, "birth_date": values.get("birth_date") or values.get("birth_year")}
    for column in COLUMNS[1:]:
        value = values.get(column)
        if value is None or value == "":
            continue
        try:
            cleaned = _clean(column, value, record)
        except ValueError as error:
            record.leave_out(f"{column} left out: {error}")
        else:
            if cleaned is not None:
                record.fields[column] = cleaned
    return record


def clean_text(value: Any) -> str | None:
    """Text without control and invisible characters, white space folded; None if nothing is left.

    A number that is whole is written so (``1.0`` is ``1``), and one that is none is no value.
    Raises ``ImportRowError`` for what is neither text nor a number, and for text that is not
    Unicode (a lone surrogate: bytes that were not UTF-8).
    """
    if value is None:
        return None
    folded = " ".join((value if isinstance(value, str) else _format_number(value)).split())
    if folded in _NO_VALUE:
        return None
    if folded.isascii() and folded.isprintable():  # nearly always: there is nothing to look for
        return folded
    text = fold("".join(c for c in folded if unicodedata.category(c) not in ("Cc", "Cf")))
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise ImportRowError("not UTF-8")
    return text or None


def _format_number(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ImportRowError(f"expected text, not {type(value).__name__}")
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return ""
    return str(int(value) if value.is_integer() else value)


def _clean_source(value: Any) -> str | None:
    text = clean_text(value)
    return name_box(text) if text else None


def clean_name(value: Any) -> str | None:
    """A name as it is compared and stored; None when no letter and no digit is left of it."""
    text = clean_text(value)
    if text is None or (text.isascii() and text[0].isalnum()):
        return text
    text = unicodedata.normalize("NFC", text)
    return text if split_name(text) else None


def clean_key(value: Any) -> str | None:
    """A row's id, the same however a spreadsheet wrote it: ``1.0`` is ``1``."""
    text = clean_text(value)
    whole = _WHOLE.fullmatch(text) if text else None
    return whole[1] if whole else text


def _read_link(link: ImportedLink) -> Link:
    read = read_link(clean_text(link.url) or "", clean_text(link.normalized_id))
    if is_longer(read.url, MAX_STORED_LINK):
        raise ValueError(f"longer than {MAX_STORED_LINK:,} bytes")
    return read


def _read_box_id(endpoint: Any, value: Any) -> tuple[str, str] | None:
    box, own_id = name_box(clean_text(endpoint) or ""), clean_key(value)
    if not box or not own_id or is_longer(box + own_id, MAX_STORED_NAME):
        return None
    return box, own_id


def _clean(column: str, value: Any, record: Record) -> str | int | None:
    if column in NUMBER_COLUMNS:
        return _read_number(value)
    text = clean_text(value)
    if text is None or column in TEXT_COLUMNS:
        return text
    if column in DATE_COLUMNS:
        return _read_date(column, text, record)
    gender = read_gender(text)
    if gender is None:
        raise ValueError(f"unknown gender {text[:40]!r}")
    return gender


def _read_date(column: str, text: str, record: Record) -> str | None:
    """A date as far as it can be read; a birth date of which nothing can be read is kept apart."""
    if is_plain_day(text):
        return text
    date = read_stored_date(text)
    if date is None:
        if is_empty_date(text):
            return None
        if column == "birth_date":
            record.unread_birth_date = text
            raise ValueError(f"cannot read {text[:40]!r}: the performer is not looked up {_SEE_TO}")
        raise ValueError(f"not a date: {text[:40]!r}")
    if str(date) != text and is_cut(text, date):
        record.leave_out(f"{column} left out in part: {text[:40]!r} is taken as {date}")
    return str(date)


def _read_number(value: Any) -> int | None:
    try:
        text = clean_key(value)
    except ImportRowError:
        text = str(value)
    if text is None:
        return None
    try:
        number = int(text)
    except ValueError:
        raise ValueError(f"not a whole number: {str(value)[:40]!r}") from None
    if not 0 <= number < 2**31:
        raise ValueError(f"out of range: {str(value)[:40]}")
    return number
