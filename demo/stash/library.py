"""The performers of a Stash, and the rules by which Stash changes them."""

from __future__ import annotations

import base64
import copy
import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

BEGINNING = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_COLUMNS = (
    "name",
    "disambiguation",
    "gender",
    "birthdate",
    "death_date",
    "country",
    "ethnicity",
    "eye_color",
    "hair_color",
    "height_cm",
    "career_length",
    "career_start",
    "career_end",
    "details",
    "favorite",
    "ignore_auto_tag",
)
_CUSTOM_NAME = 64
"""Characters that a custom field's name may have."""


class StashRefusal(Exception):
    """What Stash answers in ``errors``, with status 200."""


@dataclass
class StashPerformer:
    """A performer as Stash has them; dates may be partial (``1990``, ``1990-03``).

    ``stash_ids`` are (endpoint URL, id) pairs; ``image`` is the file's bytes.
    """

    id: int
    name: str
    disambiguation: str | None = None
    gender: str | None = None
    birthdate: str | None = None
    death_date: str | None = None
    country: str | None = None
    ethnicity: str | None = None
    eye_color: str | None = None
    hair_color: str | None = None
    height_cm: int | None = None
    career_length: str | None = None
    career_start: str | None = None
    career_end: str | None = None
    details: str | None = None
    favorite: bool = False
    ignore_auto_tag: bool = False
    urls: list[str] = field(default_factory=list)
    alias_list: list[str] = field(default_factory=list)
    stash_ids: list[tuple[str, str]] = field(default_factory=list)
    image: bytes | None = None
    custom_fields: dict[str, Any] = field(default_factory=dict)
    created_at: dt.datetime = BEGINNING
    updated_at: dt.datetime = BEGINNING


class StashLibrary:
    """The performers by id. Each change moves the clock on by a second and is one transaction."""

    def __init__(
        self, performers: Iterable[StashPerformer] = (), boxes: Mapping[str, str] | None = None
    ) -> None:
        self.performers = {performer.id: performer for performer in performers}
        self.boxes = dict(boxes or {})
        """Names of the configured stash-boxes by their endpoint URLs."""
        latest = (performer.updated_at for performer in self.performers.values())
        self.now = max(latest, default=BEGINNING)

    def update(self, given: Mapping[str, Any]) -> StashPerformer:
        """Stash's ``performerUpdate``: fields left out stay, lists are replaced."""
        changed = copy.deepcopy(self._get(given["id"]))
        _set_columns(changed, given)
        if "urls" in given:
            changed.urls = list(dict.fromkeys(given["urls"] or ()))
        if "alias_list" in given:
            changed.alias_list = _without_repeats(changed.name, given["alias_list"] or ())
        if "stash_ids" in given:
            pairs = ((one["endpoint"], one["stash_id"]) for one in given["stash_ids"] or ())
            changed.stash_ids = list(dict.fromkeys(pairs))
        if "image" in given:
            changed.image = _image(given["image"])
        self._save([changed])
        return changed

    def update_many(self, given: Mapping[str, Any]) -> list[StashPerformer]:
        """Stash's ``bulkPerformerUpdate``: lists by their mode, all of it or nothing."""
        changed = [copy.deepcopy(self._get(number)) for number in given.get("ids") or ()]
        for performer in changed:
            _set_columns(performer, given)
            if given.get("urls"):
                performer.urls = _by_mode(performer.urls, given["urls"])
            if given.get("alias_list"):
                performer.alias_list = _by_mode(performer.alias_list, given["alias_list"])
                _refuse_repeats(performer)
        self._save(changed)
        return changed

    def _get(self, number: str) -> StashPerformer:
        if not number.isdecimal():
            raise StashRefusal(f'strconv.Atoi: parsing "{number}": invalid syntax')
        if int(number) not in self.performers:
            raise StashRefusal(f"performer with id {number} not found")
        return self.performers[int(number)]

    def _save(self, changed: Iterable[StashPerformer]) -> None:
        changed = list(changed)
        for performer in changed:
            self._refuse_same_name(performer)
        self.now += dt.timedelta(seconds=1)
        for performer in changed:
            performer.updated_at = self.now
            self.performers[performer.id] = performer

    def _refuse_same_name(self, performer: StashPerformer) -> None:
        for other in self.performers.values():
            same = (other.name, other.disambiguation or "")
            if other.id != performer.id and same == (
                performer.name,
                performer.disambiguation or "",
            ):
                raise StashRefusal(f"performer with name '{performer.name}' already exists")


def _set_columns(performer: StashPerformer, given: Mapping[str, Any]) -> None:
    for column in _COLUMNS:
        if column in given:
            setattr(performer, column, given[column])
    if not performer.name:
        raise StashRefusal("performer name cannot be blank")
    if given.get("custom_fields"):
        performer.custom_fields = _custom_fields(performer.custom_fields, given["custom_fields"])


def _custom_fields(there: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    fields = dict(there) if given.get("full") is None else dict(given["full"])
    fields |= given.get("partial") or {}
    for name, value in fields.items():
        if not name or len(name) > _CUSTOM_NAME or name != name.strip():
            raise StashRefusal(f"invalid custom field name: {name!r}")
        if value is not None and not isinstance(value, str | int | float):
            raise StashRefusal(f"unsupported type for custom field {name!r}")
    for name in given.get("remove") or ():
        fields.pop(name, None)
    return fields


def _by_mode(there: list[str], given: Mapping[str, Any]) -> list[str]:
    values = given.get("values") or []
    if given["mode"] == "SET":
        return list(dict.fromkeys(values))
    if given["mode"] == "REMOVE":
        return [value for value in there if value not in values]
    return list(dict.fromkeys([*there, *values]))


def _without_repeats(name: str, aliases: Iterable[str]) -> list[str]:
    first: dict[str, str] = {}
    for alias in aliases:
        if alias.lower() != name.lower():
            first.setdefault(alias.lower(), alias)
    return list(first.values())


def _refuse_repeats(performer: StashPerformer) -> None:
    """Names that differ by their case only are one to Stash."""
    seen = {performer.name.lower()}
    for alias in performer.alias_list:
        if alias.lower() in seen:
            raise StashRefusal(f"performer contains duplicate alias '{alias}'")
        seen.add(alias.lower())


def _image(text: str | None) -> bytes | None:
    if not text:
        return None
    head, _, data = text.partition(";base64,")
    if not head.startswith("data:"):
        raise StashRefusal("processing image: only data URLs here")
    return base64.b64decode(data)
