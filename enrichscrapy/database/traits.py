"""What identifies a person: names, links, ids, made comparable however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from enrichscrapy.database.links import read_link
from enrichscrapy.facts.names import make_name_key, split_name
from enrichscrapy.facts.spelling import make_name_keys
from enrichscrapy.items import Performer

_MOST_WORDS = 8
_RUN_TOGETHER = re.compile(r"[^\W\d_A-Z][A-Z]")
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_uuid(text: str) -> bool:
    return _UUID.fullmatch(text.lower()) is not None


@dataclass
class Traits:
    """What identifies a person. ``row`` is the import key of a performer without any id.

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
            yield "link", make_comparable(url)
        for endpoint, value in self.ids:
            yield "id", f"{endpoint}:{value}".lower()
            if is_uuid(value):  # unique everywhere, whatever the endpoint's name
                yield "id", value.lower()
        named = [name for name in self.names if make_name_key(name)]
        if self.row and named:
            yield "row", f"{self.row}\0{make_name_key(named[0])}"
        for position, name in enumerate(named):
            if position == 0 or _is_telling(name):
                yield "name", make_name_key(name)
                yield from (("spelling", key) for key in sorted(_list_spellings(name)))


def _is_telling(name: str) -> bool:
    """A single word is too many people's alias, unless it is several that were run together."""
    return " " in make_name_key(name) or _RUN_TOGETHER.search(name) is not None


def _list_spellings(name: str) -> set[str]:
    """Keys that recognise a name in other spellings: as identity folds it, and without spaces."""
    words = split_name(name)
    turned = ("".join(words[i:] + words[:i]) for i in range(min(len(words), _MOST_WORDS)))
    return {*make_name_keys(name), *turned}


def gather_traits(
    performer: Performer, merged: Iterable[tuple[str, str]], row: str | None
) -> Traits:
    """The traits of a performer of the database."""
    return Traits(
        [performer.canonical_name, *performer.aliases],
        list(performer.urls),
        [*performer.stashbox_ids, *merged],
        row,
    )


def make_comparable(url: str) -> str:
    """A link without what varies between ways of writing it: scheme, www, case, final slash."""
    try:
        url = read_link(url).url
    except ValueError:
        return url.strip().lower()
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}{query}".lower()
