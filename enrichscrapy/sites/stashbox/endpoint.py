"""Where a stash-box is: its own addresses and those of its performers' pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, unquote, urlsplit

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.facts.links import split_url
from enrichscrapy.facts.stashboxes import KNOWN, make_source, name_box

_MORE_PHOTO_DOMAINS = {"theporndb": ("metadataapi.net",)}
"""Domains beside a box's own from which it serves pictures."""
_LOCAL = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Endpoint:
    """One stash-box. What stands in capitals every site has (:class:`enrichscrapy.sites.Site`).

    ``box`` is its name in the database, ``api`` the address that answers GraphQL. ``base_url`` is
    where requests really go if the box was given by an address that no stored link may have
    (another port, this machine); empty else.
    """

    box: str
    api: str
    NAME: str
    HOME: str
    HOSTS: frozenset[str]
    PHOTO_HOSTS: frozenset[str]
    base_url: str = ""

    @classmethod
    def named(cls, text: str) -> Self:
        """A box by its name, its domain or its address; ``BadSetting`` for what is none."""
        text = text.strip()
        box = name_box(text) if text else ""
        if box in KNOWN:
            known = KNOWN[box]
            more = _MORE_PHOTO_DOMAINS.get(box, ())
            # An address may ask for a part of the box, as ?type=JAV.
            asked = urlsplit(text) if "//" in text else urlsplit(known.graphql_url)
            return cls._at(box, known.domain, _path(asked.path, asked.query), more)
        if "//" not in text and "." not in text:
            names = ", ".join(sorted(KNOWN))
            raise BadSetting(f"endpoint={text} is unknown: use {names}, or a box's address")
        return cls._by_address(text if "//" in text else f"https://{text}")

    @classmethod
    def _by_address(cls, text: str) -> Self:
        parts = split_url(text)
        if parts is None or not parts.hostname or "@" in parts.netloc:
            raise BadSetting(f"endpoint={text} is no address: give one as https://…/graphql")
        host, origin = parts.hostname, f"{parts.scheme}://{parts.netloc}"
        if parts.scheme != "https" and host not in _LOCAL:
            raise BadSetting(f"endpoint={text}: the key would travel unencrypted; use https")
        elsewhere = parts.scheme != "https" or parts.port not in (None, 443)
        path = _path(parts.path, parts.query)
        return cls._at(name_box(text), host, path, base_url=origin if elsewhere else "")

    @classmethod
    def _at(
        cls, box: str, host: str, path: str, more: tuple[str, ...] = (), base_url: str = ""
    ) -> Self:
        domain = host.removeprefix("www.").removeprefix("api.")
        photo_hosts = {host} | {h for each in (domain, *more) for h in (each, f".{each}")}
        home = f"https://{host}"
        hosts = frozenset({host}), frozenset(photo_hosts)
        return cls(box, home + path, make_source(box), home, *hosts, base_url)

    def page_url(self, performer_id: str) -> str:
        """The performer's page, which stands for the id in the ledger."""
        return f"{self.HOME}/performers/{quote(performer_id, safe='')}"

    def id_of_page(self, url: str) -> str:
        return unquote(url.rpartition("/")[2])


def _path(path: str, query: str) -> str:
    path = path.rstrip("/") or "/graphql"
    return f"{path}?{query}" if query else path
