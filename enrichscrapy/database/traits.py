"""What tells a person again: names, links, ids, made comparable however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from enrichscrapy.database.links import link_of
from enrichscrapy.facts.names import name_key, name_keys, name_words
from enrichscrapy.items import Performer

_MOST_WORDS = 8
_RUN_TOGETHER = re.compile(r"[^\W\d_A-Z][A-Z]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text.lower()) is not None


@dataclass
class Traits:
    """What tells a person again. ``row`` is the import key of a performer without any id.

    ``traces`` (addresses and digests of photos) are looked for in files, and suppress nobody.
    """

    names: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: list[tuple[str, str]] = field(default_factory=list)
    row: str | None = None
    traces: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """(kind, text) pairs to take digests of."""
        for url in self.links:
            yield "link", comparable_link(url)
        for endpoint, value in self.ids:
            yield "id", f"{endpoint}:{value}".lower()
            if is_uuid(value):  # unique everywhere, whatever the endpoint's name
                yield "id", value.lower()
        named = [name for name in self.names if name_key(name)]
        if self.row and named:
            yield "row", f"{self.row}\0{name_key(named[0])}"
        for position, name in enumerate(named):
            if position == 0 or _tells(name):
                yield "name", name_key(name)
                yield from (("spelling", key) for key in sorted(_spellings(name)))


def _tells(name: str) -> bool:
    """A single word is too many people's alias, unless it is several that were run together."""
    return " " in name_key(name) or _RUN_TOGETHER.search(name) is not None


def _spellings(name: str) -> set[str]:
    """What a name is told again by in disguise: as identity folds it, and run together."""
    words = name_words(name)
    turned = ("".join(words[i:] + words[:i]) for i in range(min(len(words), _MOST_WORDS)))
    return {*name_keys(name), *turned}


def traits_of(performer: Performer, merged: Iterable[tuple[str, str]], row: str | None) -> Traits:
    """The traits of a performer of the database."""
    return Traits(
        [performer.canonical_name, *performer.aliases],
        list(performer.urls),
        [*performer.stashbox_ids, *merged],
        row,
    )


def comparable_link(url: str) -> str:
    """A link without what varies between ways of writing it: scheme, www, case, final slash."""
    try:
        url = link_of(url).url
    except ValueError:
        return url.strip().lower()
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}{query}".lower()
