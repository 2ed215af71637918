"""What a stash-box answered: an entry for each id that was asked for, whatever the JSON is like.

Only an id that the box itself answers with null, without any error, is nobody's. An answer that is
incomplete, refused or of no known shape says nothing about the performer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from enrichscrapy.facts.countries import find_country_by_code, find_country_by_name
from enrichscrapy.facts.dates import parse_date
from enrichscrapy.facts.genders import GENDERS
from enrichscrapy.facts.links import find_link_kind, group_links, read_outside_link
from enrichscrapy.facts.text import MAX_LINK, MAX_NAME, clean_aliases, cut, fold_line
from enrichscrapy.items import Profile
from enrichscrapy.sites.stashbox.endpoint import Endpoint
from enrichscrapy.sites.stashbox.query import Unknown

MAX_LINKS = 200
"""Links, pictures and merged ids of one performer that are read, of each so many."""
_TOO_MANY = 5
"""From this many on, an answer that the box knows none of the ids is not believed."""
KEY_REFUSED = "the key was refused"
"""The detail of lookups that a box did not let in."""
_UNKNOWN_FIELD = re.compile(r"""Cannot query field ["'](\w+)["'] on type ["'](\w+)["']""")
_NO_ENTRY = re.compile(r"\bnot.?authori[sz]ed\b|\bunauthori[sz]ed\b|\bunauthenticated\b", re.I)
_KEPT_FOR = {"YEAR": 4, "MONTH": 7, "DAY": 10}
"""Characters of a date that hold, by its accuracy."""


class EntryKind(StrEnum):
    """What stands under an id."""

    PERSON = "person"
    MERGED = "merged into another"
    DELETED = "deleted by the box"
    NOBODY = "nobody: it was never one of the box's, or is hidden"
    FAULT = "fault"


@dataclass(frozen=True)
class Entry:
    """``profile`` of a person, ``into`` which id one was merged, ``why`` of a fault."""

    kind: EntryKind
    profile: Profile | None = None
    into: str = ""
    why: str = ""


@dataclass(frozen=True)
class Answer:
    """``entries``, one for each id that was asked for; or why there are none.

    ``unknown_fields``: the box has another schema. ``key_refused``: it does not let the key in.
    """

    entries: tuple[Entry, ...] = ()
    fault: str = ""
    unknown_fields: frozenset[Unknown] = frozenset()
    key_refused: bool = False


@dataclass
class _Errors:
    """The answer's ``errors``: those of one entry by its name, and all others."""

    of_entry: dict[str, str] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    unknown_fields: set[Unknown] = field(default_factory=set)
    no_entry: bool = False

    @classmethod
    def read(cls, errors: object) -> _Errors:
        found = cls()
        for error in errors if isinstance(errors, list) else [errors] if errors else []:
            found._add(error if isinstance(error, Mapping) else {"message": error})
        return found

    def _add(self, error: Mapping[str, Any]) -> None:
        message = fold_line(str(error.get("message") or "an error without a message"))
        self.unknown_fields |= {(of, name) for name, of in _UNKNOWN_FIELD.findall(message)}
        self.no_entry = self.no_entry or _NO_ENTRY.search(message) is not None
        path = error.get("path")
        if isinstance(path, list) and path and isinstance(path[0], str):
            self.of_entry.setdefault(path[0], message)
        else:
            self.others.append(message)

    @property
    def first(self) -> str:
        return next(iter((*self.others, *self.of_entry.values())), "")


def read_answer(status: int, text: str, ids: Sequence[str], endpoint: Endpoint) -> Answer:
    """Read the answer to ``Query.body(ids)``; never raises, whatever ``text`` holds."""
    if status == 401:
        return Answer(key_refused=True)
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return Answer(fault=f"http {status}" if status != 200 else "the answer is no JSON")
    answer = answer if isinstance(answer, dict) else {}
    errors, data = _Errors.read(answer.get("errors")), answer.get("data")
    if errors.unknown_fields:
        return Answer(unknown_fields=frozenset(errors.unknown_fields), fault=errors.first)
    data = data if isinstance(data, dict) else {}
    if errors.no_entry and not any(data.values()):
        return Answer(key_refused=True)
    if status != 200 or not data or errors.others:
        why = f"the box says {errors.first!r}" if errors.first else "the answer holds no data"
        return Answer(fault=why if status == 200 else f"http {status}: {why}")
    return _doubt_empty_batch(_read_entries(data, errors, ids, endpoint))


def _doubt_empty_batch(entries: tuple[Entry, ...]) -> Answer:
    if len(entries) >= _TOO_MANY and all(each.kind is EntryKind.NOBODY for each in entries):
        return Answer(fault=f"the box knows nobody of {len(entries)}: is it the right one?")
    return Answer(entries)


def _read_entries(
    data: Mapping[str, Any], errors: _Errors, ids: Sequence[str], endpoint: Endpoint
) -> tuple[Entry, ...]:
    entries = []
    for name, asked in ((f"p{number}", each) for number, each in enumerate(ids)):
        if name in errors.of_entry:
            entries.append(_make_fault(f"the box says {errors.of_entry[name]!r}"))
        elif name not in data:
            entries.append(_make_fault("the answer does not speak of it"))
        else:
            entries.append(_read_entry(data[name], asked, endpoint))
    return tuple(entries)


def _make_fault(why: str) -> Entry:
    return Entry(EntryKind.FAULT, why=why)


def _read_entry(data: object, asked: str, endpoint: Endpoint) -> Entry:
    if data is None:
        return Entry(EntryKind.NOBODY)
    if (
        not isinstance(data, dict)
        or not _read_text(data.get("id"))
        or not _read_text(data.get("name"))
    ):
        return _make_fault("the entry has no id and name")
    into, own_id = _read_text(data.get("merged_into_id")), _read_text(data["id"])
    merged = tuple(_read_texts(data.get("merged_ids")))
    if into and into.lower() != asked.lower():
        return Entry(EntryKind.MERGED, into=into)
    if own_id.lower() != asked.lower():  # a box may go on to the other entry by itself
        known = asked.lower() in map(str.lower, merged)
        return (
            Entry(EntryKind.MERGED, into=own_id)
            if known
            else _make_fault("it is another id's entry")
        )
    if data.get("deleted") is True:
        return Entry(EntryKind.DELETED)
    return Entry(EntryKind.PERSON, _read_profile(data, own_id, merged, endpoint))


def _read_profile(
    data: Mapping[str, Any], own_id: str, merged: tuple[str, ...], endpoint: Endpoint
) -> Profile:
    name, gender = cut(_read_text(data["name"]), MAX_NAME), _read_text(data.get("gender")).upper()
    born = _read_date_text(data.get("birth_date")) or _read_date_text(data.get("birthdate"))
    country = _read_text(data.get("country"))
    urls = (_read_text(value.get("url")) for value in _list_items(data.get("urls")))
    links = (read_outside_link(url, endpoint.HOSTS) for url in urls)
    return Profile(
        name=name,
        url=endpoint.page_url(own_id),
        aliases=clean_aliases(_read_texts(data.get("aliases")), name),
        gender=gender if gender in GENDERS else None,
        birth_date=parse_date(born),
        death_date=parse_date(_read_date_text(data.get("death_date"))),
        country=find_country_by_code(country) or find_country_by_name(country),
        links=group_links((find_link_kind(url), url) for url in links if url),
        photo_urls=tuple(_read_pictures(data.get("images"))),
        source_id=own_id.lower(),
        birth_text=born,
        former_ids=tuple(each for each in merged if each.lower() != own_id.lower()),
    )


def _read_text(value: object) -> str:
    """A text, one line, fit to be stored; anything else is none."""
    return fold_line(value, MAX_LINK) if isinstance(value, str) else ""


def _read_texts(values: object) -> Iterator[str]:
    for value in values[:MAX_LINKS] if isinstance(values, list) else ():
        if text := _read_text(value):
            yield text


def _list_items(values: object) -> Iterator[Mapping[str, Any]]:
    for value in values[:MAX_LINKS] if isinstance(values, list) else ():
        if isinstance(value, dict):
            yield value


def _read_date_text(value: object) -> str:
    """``YYYY[-MM[-DD]]``, or a whole date with how much of it holds."""
    if isinstance(value, Mapping):
        kept = _KEPT_FOR.get(_read_text(value.get("accuracy")), 4)
        return _read_text(value.get("date"))[:kept]
    return _read_text(value)[:MAX_NAME]


def _read_pictures(values: object) -> Iterable[str]:
    """Their addresses, portraits before landscapes and then the larger first."""

    def order(image: Mapping[str, Any]) -> tuple[bool, int]:
        width, height = (_read_number(image.get(name)) for name in ("width", "height"))
        return width > height, -min(width, height)

    found = (_read_text(image.get("url")) for image in sorted(_list_items(values), key=order))
    return dict.fromkeys(url for url in found if url.startswith(("https://", "http://")))


def _read_number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
