"""Stash-boxes as databases, servers and files name them: one short name for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import urlsplit

FAMILY = "stashbox"
"""How the sources begin that are stash-boxes."""


@dataclass(frozen=True)
class StashBox:
    """``name`` is what the database keeps; ids travel between programs under the ``domain``."""

    name: str
    domain: str

    @property
    def graphql_url(self) -> str:
        return f"https://{self.domain}/graphql"


KNOWN = MappingProxyType(
    {
        name: StashBox(name, domain)
        for name, domain in (
            ("stashdb", "stashdb.org"),
            ("fansdb", "fansdb.cc"),
            ("pmvstash", "pmvstash.org"),
            ("javstash", "javstash.org"),
            ("theporndb", "theporndb.net"),
        )
    }
)
_BY_DOMAIN = {box.domain: box.name for box in KNOWN.values()}


@lru_cache(maxsize=256)  # a file has few of them
def name_box(endpoint: str) -> str:
    """The name of a box given by name, domain or address; an unknown box is called by its host.

    ``https://stashdb.org/graphql``, ``stashdb.org`` and ``StashDB`` are all ``stashdb``.
    """
    text = endpoint.strip().lower()
    host = urlsplit(text if "//" in text else f"//{text}").netloc.rpartition("@")[2]
    return _BY_DOMAIN.get(host.removeprefix("www.").removeprefix("api."), host)


def make_source(name: str) -> str:
    """The source that a box is in the ledger: ``stashdb`` -> ``stashbox:stashdb``."""
    return f"{FAMILY}:{name}"


def find_box(source: str) -> str | None:
    """The box that a source is; None for any other source."""
    family, _, name = source.partition(":")
    return name if family == FAMILY and name else None


def make_domain_id(name: str, stashbox_id: str) -> str:
    """An id as it travels between programs: ``stashdb``, ``<uuid>`` -> ``stashdb.org:<uuid>``."""
    box = KNOWN.get(name)
    return f"{box.domain if box else name}:{stashbox_id}"
