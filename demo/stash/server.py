"""A Stash on loopback: its GraphQL API over a real schema, its pictures, its habits.

Times are compared as text, as Stash does in its database: those of one time zone only are in order.
"""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable, Collection
from functools import cache, partial
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    build_schema,
    graphql_sync,
    parse,
    print_ast,
    validate,
    visit,
)
from graphql.language import DocumentNode, FieldDefinitionNode, InputValueDefinitionNode, Visitor

from demo.sites.server import Asked, Reply, redirect
from demo.stash.library import StashLibrary, StashPerformer, StashRefusal

SCHEMA = Path(__file__).with_name("schema.graphql")
SINCE_URLS = frozenset({"urls", "career_start", "career_end", "custom_fields"})
"""Fields that a Stash of 2023 does not have."""
_PER_PAGE = 25
_PLACEHOLDER = b'<svg xmlns="http://www.w3.org/2000/svg"><circle cx="5" cy="5" r="4"/></svg>'


class StashServer:
    """What a Stash answers, as a service of a :class:`demo.sites.server.DemoSite`.

    ``lacking`` are fields that this version does not have, ``key`` is its API key (empty: nobody
    has to log in), ``status`` its own word on its database, ``zone`` its time zone, ``outside`` the
    address that its links are written with where it was configured to another than is asked for.
    """

    name = "stash"

    def __init__(
        self,
        library: StashLibrary,
        *,
        key: str = "",
        lacking: frozenset[str] = frozenset(),
        status: str = "OK",
        version: str = "v0.30.1",
        zone: dt.timezone = dt.UTC,
        outside: str = "",
    ) -> None:
        self.library = library
        self.key = key
        self.status = status
        self.version = version
        self.zone = zone
        self.outside = outside
        self.schema = stash_schema(lacking)
        self._one_at_a_time = threading.Lock()

    def serve(self, asked: Asked) -> Reply:
        given = asked.headers.get("ApiKey") or asked.query.get("apikey", "")
        is_api = asked.path == "/graphql"
        if given != self.key and asked.path != "/login":
            if given or is_api:
                return Reply(status=401, headers={"WWW-Authenticate": "FormBased"})
            return redirect("/login")
        if is_api and asked.method == "POST":
            with self._one_at_a_time:
                return self._answer(asked)
        if asked.path.startswith("/performer/") and asked.path.endswith("/image"):
            return self._image(asked)
        return Reply(b"<!DOCTYPE html><title>Stash</title>", 404 if is_api else 200)

    def _answer(self, asked: Asked) -> Reply:
        try:
            request = json.loads(asked.body)
            document = parse(request["query"])
        except (ValueError, KeyError, TypeError, GraphQLError) as error:
            return _errors([GraphQLError(str(error))], 422)
        if errors := validate(self.schema, document):
            return _errors(errors, 422)
        result = graphql_sync(
            self.schema,
            request["query"],
            root_value=_Root(self, asked.headers.get("Host", "")),
            variable_values=request.get("variables"),
            operation_name=request.get("operationName"),
        )
        return _json(result.formatted)

    def _image(self, asked: Asked) -> Reply:
        performer = self.library.performers.get(int(asked.path.split("/")[2]))
        if performer is None:
            return Reply(b"Not Found", 404, "text/plain", kind="image")
        if performer.image is None or asked.query.get("default") == "true":
            return Reply(_PLACEHOLDER, content_type="image/svg+xml", kind="image")
        return Reply(performer.image, content_type="image/jpeg", kind="image")

    def text_of(self, time: dt.datetime) -> str:
        return time.astimezone(self.zone).isoformat(timespec="seconds").replace("+00:00", "Z")


@cache
def stash_schema(lacking: frozenset[str] = frozenset()) -> GraphQLSchema:
    """The schema of a Stash that does not have some fields yet."""

    class Older(Visitor):
        def enter(self, node: Any, *_: Any) -> Any:
            is_field = isinstance(node, FieldDefinitionNode | InputValueDefinitionNode)
            return Visitor.REMOVE if is_field and node.name.value in lacking else None

    document: DocumentNode = visit(parse(SCHEMA.read_text("utf-8")), Older())
    return build_schema(print_ast(document))


class _Root:
    """The resolvers of ``Query`` and ``Mutation``."""

    def __init__(self, server: StashServer, host: str) -> None:
        self._server = server
        self._library = server.library
        self._base = server.outside or f"http://{host}"

    # --- Query ---------------------------------------------------------------------------------

    def version(self, _info: Any) -> dict[str, Any]:
        return {
            "version": self._server.version,
            "hash": "0badc0de",
            "build_time": "2025-01-01 00:00:00",
        }

    def systemStatus(self, _info: Any) -> dict[str, Any]:  # noqa: N802
        return {
            "databaseSchema": 86 if self._server.status == "OK" else 70,
            "databasePath": "stash-go.sqlite",
            "appSchema": 86,
            "status": self._server.status,
        }

    def configuration(self, _info: Any) -> dict[str, Any]:
        boxes = [
            {"endpoint": url, "name": name, "api_key": "secret", "max_requests_per_minute": 240}
            for url, name in self._library.boxes.items()
        ]
        return {"general": {"stashBoxes": boxes, "databasePath": "stash-go.sqlite"}}

    def findPerformer(self, _info: Any, id: str) -> dict[str, Any] | None:  # noqa: N802
        self._refuse_unmigrated()
        performer = self._library.performers.get(int(id)) if id.isdecimal() else None
        return self._view(performer) if performer else None

    def findPerformers(  # noqa: N802
        self,
        _info: Any,
        performer_filter: dict[str, Any] | None = None,
        filter: dict[str, Any] | None = None,
        performer_ids: list[int] | None = None,
        ids: list[str] | None = None,
    ) -> dict[str, Any]:
        self._refuse_unmigrated()
        wanted = {*map(str, performer_ids or ()), *(ids or ())}
        found = [
            performer
            for performer in self._library.performers.values()
            if (not wanted or str(performer.id) in wanted)
            and self._matches(performer, performer_filter or {})
        ]
        return {"count": len(found), "performers": self._page(found, filter or {})}

    def _refuse_unmigrated(self) -> None:
        if self._server.status != "OK":
            raise StashRefusal("database is not initialized")

    def _page(self, found: list[StashPerformer], filter: dict[str, Any]) -> list[dict[str, Any]]:
        keys: dict[str, Callable[[StashPerformer], Any]] = {
            "id": lambda one: one.id,
            "updated_at": lambda one: one.updated_at,
            "created_at": lambda one: one.created_at,
        }
        key = keys.get(filter.get("sort") or "name", lambda one: one.name.casefold())
        found = sorted(found, key=key, reverse=filter.get("direction") == "DESC")
        size = filter.get("per_page") or _PER_PAGE
        if size > 0:
            start = (max(filter.get("page") or 1, 1) - 1) * size
            found = found[start : start + size]
        return [self._view(performer) for performer in found]

    def _matches(self, performer: StashPerformer, wanted: dict[str, Any]) -> bool:
        if "AND" in wanted and not self._matches(performer, wanted["AND"]):
            return False
        if "NOT" in wanted and self._matches(performer, wanted["NOT"]):
            return False
        own = all(
            self._meets(performer, name, criterion)
            for name, criterion in wanted.items()
            if name not in ("AND", "OR", "NOT")
        )
        return own or ("OR" in wanted and self._matches(performer, wanted["OR"]))

    def _meets(self, performer: StashPerformer, name: str, criterion: dict[str, Any]) -> bool:
        if name == "stash_id_endpoint":
            box, number = criterion.get("endpoint"), criterion.get("stash_id")
            return any(
                (not box or pair[0] == box) and (not number or pair[1] == number)
                for pair in performer.stash_ids
            )
        own = getattr(performer, name)
        text = self._server.text_of(own) if isinstance(own, dt.datetime) else str(own)
        value: str = criterion["value"]
        match criterion["modifier"]:
            case "EQUALS":
                return text.casefold() == value.casefold()
            case "GREATER_THAN":
                return text > value
            case "LESS_THAN":
                return text < value
            case "INCLUDES":
                return value.casefold() in text.casefold()
        raise StashRefusal(f"unsupported modifier {criterion['modifier']}")

    def _view(self, performer: StashPerformer) -> dict[str, Any]:
        text_of = self._server.text_of
        image = f"{self._base}/performer/{performer.id}/image?t={performer.updated_at:%s}"
        by_host = partial(_first_of_host, performer.urls)
        return {
            **vars(performer),
            "image_path": image if performer.image else f"{image}&default=true",
            "url": next(iter(performer.urls), None),
            "twitter": by_host("twitter.com"),
            "instagram": by_host("instagram.com"),
            "scene_count": 0,
            "stash_ids": [
                {"endpoint": box, "stash_id": value, "updated_at": text_of(performer.updated_at)}
                for box, value in performer.stash_ids
            ],
            "created_at": text_of(performer.created_at),
            "updated_at": text_of(performer.updated_at),
        }

    # --- Mutation ------------------------------------------------------------------------------

    def performerUpdate(self, _info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._refuse_unmigrated()
        return self._view(self._library.update(input))

    def bulkPerformerUpdate(  # noqa: N802
        self, _info: Any, input: dict[str, Any]
    ) -> list[dict[str, Any]]:
        self._refuse_unmigrated()
        return [self._view(performer) for performer in self._library.update_many(input)]


def _first_of_host(urls: Collection[str], host: str) -> str | None:
    return next((url for url in urls if f"/{host}/" in url or f".{host}/" in url), None)


def _json(data: Any, status: int = 200) -> Reply:
    return Reply(json.dumps(data).encode(), status, "application/json", kind="graphql")


def _errors(errors: Collection[GraphQLError], status: int) -> Reply:
    return _json({"errors": [error.formatted for error in errors], "data": None}, status)
