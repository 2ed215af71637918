"""Stash-boxes as databases, servers and files name them: one short name for each."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit


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


def box_name(endpoint: str) -> str:
    """The name of a box given by name, domain or address; an unknown box is called by its host.

    ``https://stashdb.org/graphql``, ``stashdb.org`` and ``StashDB`` are all ``stashdb``.
    """
    text = endpoint.strip().lower()
    host = urlsplit(text if "//" in text else f"//{text}").netloc.rpartition("@")[2]
    return _BY_DOMAIN.get(host.removeprefix("www.").removeprefix("api."), host)


def domain_id(name: str, stashbox_id: str) -> str:
    """An id as it travels between programs: ``stashdb``, ``<uuid>`` -> ``stashdb.org:<uuid>``."""
    box = KNOWN.get(name)
    return f"{box.domain if box else name}:{stashbox_id}"
