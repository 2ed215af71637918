"""Reading performers from a running Stash: page by page, only what changed since the last time.

What is asked of each performer is what that version of Stash has, as its schema says.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from enrichscrapy.exceptions import ImportRowError, PictureMissing
from enrichscrapy.importing.records import Fault, Record
from enrichscrapy.importing.stash import make_stash_record
from enrichscrapy.importing.stash_client import StashClient

PAGE = 100
"""Performers a request: about as many as Stash's own pages show at most."""
OPENING = """query Opening {
  systemStatus { status databasePath }
  __type(name: "Performer") { fields(includeDeprecated: true) { name } }
}"""
LATEST = """query Latest {
  findPerformers(filter: {page: 1, per_page: 1, sort: "updated_at", direction: DESC}) {
    performers { updated_at }
  }
}"""
_ALWAYS = ("id", "name", "updated_at")
_WHERE_THERE = (
    "disambiguation",
    "gender",
    "birthdate",
    "death_date",
    "country",
    "ethnicity",
    "eye_color",
    "hair_color",
    "image_path",
)
_OR_BEFORE = {
    ("alias_list",): ("aliases",),
    ("height_cm",): ("height",),
    ("career_start", "career_end"): ("career_length",),
    ("urls",): ("url", "twitter", "instagram"),
}
"""Fields, and what older versions have instead."""
_ZONES = dt.timedelta(hours=26)
"""Stash compares times as text, each in its own time zone: two may differ by this much."""


def make_page_query(fields: frozenset[str]) -> str:
    """The query for a page of performers of a Stash whose performers have these ``fields``."""
    wanted = list(_WHERE_THERE)
    for names, before in _OR_BEFORE.items():
        wanted += names if fields.issuperset(names) else before
    asked = " ".join([*_ALWAYS, *(name for name in wanted if name in fields)])
    return f"""query Performers($page: Int!, $per_page: Int!, $changed: PerformerFilterType) {{
  findPerformers(
    performer_filter: $changed
    filter: {{page: $page, per_page: $per_page, sort: "id", direction: ASC}}
  ) {{
    count
    performers {{ {asked} stash_ids {{ endpoint stash_id }} }}
  }}
}}"""


class StashServerReader:
    """Pages in the order of Stash's numbers, so that none is left out and none comes twice.

    ``since`` is the last change that was read before (None: everything is read), ``upto`` the last
    one there was when this reading began. ``library`` is the name of Stash's database file.
    """

    unit = "performer"

    def __init__(self, client: StashClient, since: str | None = None) -> None:
        self.position = 0
        self.total = 0
        self.ignored: list[str] = []
        self._client = client
        opening, library = client.open(OPENING)
        self._query = make_page_query(_read_fields(opening))
        self.library = library or "stash-go.sqlite"
        self._changed = _match_changed(since)
        self.upto = self._read_latest() or since

    def _read_latest(self) -> str | None:
        found = self._client.ask(LATEST)
        try:
            times = [str(one["updated_at"]) for one in found["findPerformers"]["performers"]]
        except (KeyError, TypeError) as error:
            raise self._client.refuse_foreign() from error
        return times[0] if times else None

    def close(self) -> None:
        self._client.close()

    def __iter__(self) -> Iterator[Record | Fault]:
        for performer in self._read_performers():
            number = int(performer["id"])
            try:
                yield _read_record(number, performer)
            except ImportRowError as error:
                yield Fault(number, str(error), key=str(number))
            except (KeyError, TypeError) as error:
                raise self._client.refuse_foreign() from error

    def _read_performers(self) -> Iterator[dict[str, Any]]:
        page, last = 1, 0
        while True:
            found = self._read_page(page)
            if found["count"] < self.total and page > 1:
                # Some were removed meanwhile, and later ones moved up into pages that were read.
                page, self.total = 1, found["count"]
                continue
            self.total = found["count"]
            for performer in found["performers"]:
                if int(performer["id"]) > last:
                    last = int(performer["id"])
                    self.position += 1
                    yield performer
            if len(found["performers"]) < PAGE:
                return
            page += 1

    def _read_page(self, page: int) -> dict[str, Any]:
        variables = {"page": page, "per_page": PAGE, "changed": self._changed}
        found = self._client.ask(self._query, variables)["findPerformers"]
        try:
            performers = [one for one in found["performers"] if int(one["id"]) > 0]
            return {"count": int(found["count"]), "performers": performers}
        except (KeyError, TypeError, ValueError) as error:
            raise self._client.refuse_foreign() from error


def _read_fields(opening: Mapping[str, Any]) -> frozenset[str]:
    """The fields of a performer; today's where this server does not show its schema."""
    performer_type = opening.get("__type") or {}
    names = (
        field.get("name") for field in performer_type.get("fields") or () if isinstance(field, dict)
    )
    newest = {*_WHERE_THERE, *(name for names in _OR_BEFORE for name in names)}
    return frozenset(str(name) for name in names) or frozenset(newest)


class ServerPictures:
    """Pictures by their performers' numbers."""

    def __init__(self, client: StashClient, max_bytes: int) -> None:
        self._client = client
        self._max_bytes = max_bytes

    def read(self, row_id: str, wanted: str) -> bytes:
        if not row_id.isdecimal():
            raise PictureMissing("Stash has no such number")
        return self._client.read_picture(row_id, self._max_bytes)


def _read_record(number: int, said: Mapping[str, Any]) -> Record:
    has_own = "default=true" not in str(said.get("image_path") or "default=true")
    names = said.get("alias_list")
    return make_stash_record(
        number,
        {**said, "birth_date": said.get("birthdate")},
        aliases=names if names is not None else str(said.get("aliases") or "").split(","),
        urls=said.get("urls") or (),
        ids=[(each["endpoint"], each["stash_id"]) for each in said["stash_ids"]],
        picture=str(said["updated_at"]) if has_own else None,
    )


def _match_changed(since: str | None) -> dict[str, Any] | None:
    """Stash's filter for what changed after ``since``, and some time before it."""
    try:
        then = dt.datetime.fromisoformat(since or "")
    except ValueError:
        return None
    text = (then - _ZONES).astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"updated_at": {"value": text, "modifier": "GREATER_THAN"}}
