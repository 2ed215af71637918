"""A stash-box on loopback: its GraphQL API over a real schema, its pictures, its habits.

A wrong key is answered with 401, no key with an error for each field, a field that it does not
have with 422, an id that nobody has with null.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    graphql_sync,
    parse,
    validate,
)

from demo.sites.server import Asked, Reply

SCHEMA = Path(__file__).with_name("schema.graphql")
BEGINNING = "2021-01-01T00:00:00Z"
_ACCURACY = {4: "YEAR", 7: "MONTH", 10: "DAY"}


@dataclass(frozen=True)
class BoxPerformer:
    """An entry. ``birth_date`` may be partial; ``pictures`` draw their bytes when asked for.

    ``urls`` are (address, name of the site). ``breaks`` is the error that this entry causes,
    ``breaks_images`` the one that its pictures alone do.
    """

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    gender: str | None = None
    birth_date: str | None = None
    death_date: str | None = None
    country: str | None = None
    urls: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Callable[[], bytes], ...] = ()
    deleted: bool = False
    merged_into: str | None = None
    breaks: str = ""
    breaks_images: str = ""


class StashBoxServer:
    """What a stash-box answers, as a service of a :class:`demo.sites.server.DemoSite`.

    ``lacking`` are fields that it does not have, as ``Performer.merged_into_id``; ``domain`` is the
    one under which its pictures' addresses stand. ``queries`` and ``keys`` are what it was sent.
    """

    name = "stashbox"

    def __init__(
        self,
        performers: Sequence[BoxPerformer] = (),
        *,
        key: str = "",
        lacking: Collection[str] = (),
        domain: str = "stashdb.org",
    ) -> None:
        self.performers = {performer.id: performer for performer in performers}
        self.key = key
        self.schema = stashbox_schema(frozenset(lacking))
        self.domain = domain
        self.queries: list[dict[str, Any]] = []
        self.keys: list[tuple[str, str | None]] = []
        self._drawn: dict[str, bytes] = {}

    def serve(self, asked: Asked) -> Reply:
        given = asked.headers.get("ApiKey")
        self.keys.append((asked.path, given))
        if asked.path.startswith("/images/"):
            return self._picture(asked.path.removeprefix("/images/"))
        if asked.path != "/graphql" or asked.method != "POST":
            return Reply(b"<!DOCTYPE html><title>A stash-box</title>")
        if given is not None and given != self.key:
            return _json({"error": "invalid api key"}, 401)
        return self._answer(asked.body, allowed=given == self.key or not self.key)

    def _answer(self, body: bytes, allowed: bool) -> Reply:
        try:
            request = json.loads(body)
            document = parse(request["query"])
        except (ValueError, KeyError, TypeError, GraphQLError) as error:
            return _errors([GraphQLError(str(error))], 422)
        self.queries.append(request)
        if errors := validate(self.schema, document):
            return _errors(errors, 422)
        result = graphql_sync(
            self.schema,
            request["query"],
            root_value=_Root(self, allowed),
            variable_values=request.get("variables"),
        )
        return _json(result.formatted)

    def _picture(self, name: str) -> Reply:
        owner, _, number = name.rpartition("-")
        pictures = self.performers[owner].pictures if owner in self.performers else ()
        if not number.isdecimal() or int(number) >= len(pictures):
            return Reply(b"Not Found", 404, "text/plain", kind="photo")
        if name not in self._drawn:
            self._drawn[name] = pictures[int(number)]()
        return Reply(self._drawn[name], content_type="image/jpeg", kind="photo")

    def view(self, performer: BoxPerformer) -> dict[str, Any]:
        """The entry as the schema has it."""
        born = performer.birth_date
        whole = f"{born}-01-01"[:10] if born else None
        return {
            **vars(performer),
            "birthdate": {"date": whole, "accuracy": _ACCURACY[len(born)]} if born else None,
            "urls": [
                {"url": url, "type": site, "site": _site(site)} for url, site in performer.urls
            ],
            "images": lambda _info: list(self._images(performer)),
            "merged_into_id": performer.merged_into,
            "merged_ids": [p.id for p in self.performers.values() if p.merged_into == performer.id],
            "scene_count": 0,
            "is_favorite": False,
            "created": BEGINNING,
            "updated": BEGINNING,
        }

    def _images(self, performer: BoxPerformer) -> Iterator[dict[str, Any]]:
        if performer.breaks_images:
            raise GraphQLError(performer.breaks_images)
        for number in range(len(performer.pictures)):
            name = f"{performer.id}-{number}"
            address = f"https://cdn.{self.domain}/images/{name}"
            yield {"id": name, "url": address, "width": 480, "height": 640}


@cache
def stashbox_schema(lacking: frozenset[str] = frozenset()) -> GraphQLSchema:
    """The schema of a box that does not have some fields (``Type.field``)."""
    schema = build_schema(SCHEMA.read_text("utf-8"))
    for each in lacking:
        owner, _, name = each.partition(".")
        kind = schema.type_map[owner]
        assert isinstance(kind, GraphQLObjectType)
        del kind.fields[name]
    return schema


class _Root:
    """The resolvers of ``Query``."""

    def __init__(self, server: StashBoxServer, allowed: bool) -> None:
        self._server = server
        self._allowed = allowed

    def _let_in(self) -> None:
        if not self._allowed:
            raise GraphQLError("Not authorized")

    def version(self, _info: Any) -> dict[str, str]:
        self._let_in()
        return {"hash": "0badc0de", "build_time": BEGINNING, "build_type": "D", "version": "v0.6"}

    def findPerformer(self, _info: Any, id: str) -> dict[str, Any] | None:  # noqa: N802
        self._let_in()
        try:
            found = self._server.performers.get(str(uuid.UUID(id)))
        except ValueError as error:
            raise GraphQLError(f"invalid UUID length: {len(id)}") from error
        if found is not None and found.breaks:
            raise GraphQLError(found.breaks)
        return self._server.view(found) if found else None

    def searchPerformer(  # noqa: N802
        self, _info: Any, term: str, limit: int | None = None
    ) -> list[dict[str, Any]]:
        self._let_in()
        wanted, everybody = term.casefold(), self._server.performers.values()
        found = [self._server.view(one) for one in everybody if wanted in one.name.casefold()]
        return found[: limit or 10]


def _site(name: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, name)),
        "name": name,
        "valid_types": ["PERFORMER"],
        "icon": "",
        "created": BEGINNING,
        "updated": BEGINNING,
    }


def _json(data: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(data).encode(), status, "application/json", kind="graphql")


def _errors(errors: Collection[GraphQLError], status: int) -> Reply:
    return _json({"errors": [error.formatted for error in errors], "data": None}, status)
