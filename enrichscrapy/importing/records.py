"""One performer of an imported file: read strictly, with every fault named."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from enrichscrapy.database.links import Link, link_of
from enrichscrapy.exceptions import ImportRowError
from enrichscrapy.items import PartialDate

GENDERS = {
    **{
        name: name
        for name in (
            "FEMALE",
            "MALE",
            "TRANSGENDER_FEMALE",
            "TRANSGENDER_MALE",
            "INTERSEX",
            "NON_BINARY",
        )
    },
    **{"F": "FEMALE", "WOMAN": "FEMALE", "M": "MALE", "MAN": "MALE"},
    **{"TRANS_FEMALE": "TRANSGENDER_FEMALE", "TRANS_WOMAN": "TRANSGENDER_FEMALE"},
    **{"TRANS_MALE": "TRANSGENDER_MALE", "TRANS_MAN": "TRANSGENDER_MALE"},
    **{"NONBINARY": "NON_BINARY"},
}
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
COLUMNS = ("canonical_name", "gender", *TEXT_COLUMNS, *DATE_COLUMNS, *NUMBER_COLUMNS)
"""Columns of ``performers`` an import fills, where the file has them."""


@dataclass(frozen=True)
class Fault:
    """Something of a file that was not taken: a whole row, or a value of a row that was."""

    line: int
    reason: str
    whole_row: bool = True


@dataclass(frozen=True)
class ImportedLink:
    """A link as the file has it; only ``url`` is needed."""

    url: Any
    source: Any = None
    confidence: Any = None
    normalized_id: Any = None


@dataclass
class Record:
    """A performer of an imported file, cleaned.

    ``fields`` holds what the file says (absent: it says nothing); ``key`` is the row's id in
    its file (the import puts the file's name before it); ``faults`` are values that were left out.
    """

    line: int
    key: str | None
    fields: dict[str, Any]
    aliases: list[tuple[str, str | None]] = field(default_factory=list)
    links: list[tuple[Link, str | None, float | None]] = field(default_factory=list)
    stashbox_ids: list[tuple[str, str]] = field(default_factory=list)
    merged_ids: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def leave_out(self, reason: str) -> None:
        self.faults.append(Fault(self.line, reason, whole_row=False))

    def add_aliases(self, values: Iterable[tuple[Any, Any]]) -> None:
        """Add (alias, source) pairs; blank ones and the name itself say nothing new."""
        seen = {alias for alias, _ in self.aliases} | {self.fields["canonical_name"]}
        for value, source in values:
            alias = clean_text(value)
            if alias and alias not in seen:
                seen.add(alias)
                self.aliases.append((alias, clean_text(source)))

    def add_links(self, links: Iterable[ImportedLink]) -> None:
        """Add links; one that is no web address is left out."""
        for link in links:
            try:
                read = link_of(clean_text(link.url) or "", clean_text(link.normalized_id))
            except ValueError as error:
                self.leave_out(f"link left out: {error}")
            else:
                sure = link.confidence if isinstance(link.confidence, int | float) else None
                self.links.append((read, clean_text(link.source), sure))

    def add_ids(self, values: Iterable[tuple[Any, Any]]) -> None:
        """Add (endpoint, id) pairs of stash-boxes; incomplete ones are left out."""
        for endpoint, value in values:
            pair = (clean_text(endpoint), clean_text(value))
            if pair[0] and pair[1]:
                self.stashbox_ids.append((pair[0], pair[1]))
            else:
                self.leave_out("stash-box id left out: it needs an endpoint and an id")


def new_record(line: int, key: Any, values: Mapping[str, Any]) -> Record:
    """Clean a row's own columns; ``ImportRowError`` when it has no name."""
    name = clean_text(values.get("canonical_name"))
    if not name:
        raise ImportRowError("no name")
    record = Record(line, clean_text(key), {"canonical_name": name})
    for column in COLUMNS[1:]:
        if values.get(column) in (None, ""):
            continue
        try:
            value = _clean(column, values[column])
        except ValueError as error:
            record.leave_out(f"{column} left out: {error}")
        else:
            record.fields |= {column: value} if value is not None else {}
    return record


def clean_text(value: Any) -> str | None:
    """Text without control characters, white space folded; None when nothing is left.

    Raises ``ImportRowError`` for what is neither text nor a number, and for text that is not
    Unicode (a lone surrogate: bytes that were not UTF-8).
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ImportRowError(f"expected text, not {type(value).__name__}")
    folded = " ".join(str(value).split())
    if folded.isprintable():  # nearly always, and then there is nothing to look for
        return folded or None
    text = "".join(c for c in folded if unicodedata.category(c) != "Cc")
    if any("\ud800" <= c <= "\udfff" for c in text):
        raise ImportRowError("not UTF-8")
    return text or None


def _clean(column: str, value: Any) -> str | int | None:
    if column in NUMBER_COLUMNS:
        return _number(value)
    text = clean_text(value)
    if text is None or column in TEXT_COLUMNS:
        return text
    if column in DATE_COLUMNS:
        return str(PartialDate.parse(text))
    gender = GENDERS.get(text.upper().replace(" ", "_").replace("-", "_"))
    if gender is None:
        raise ValueError(f"unknown gender {text[:40]!r}")
    return gender


def _number(value: Any) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        raise ValueError(f"not a whole number: {str(value)[:40]!r}") from None
    if not 0 <= number < 2**31:
        raise ValueError(f"out of range: {str(value)[:40]}")
    return number
