"""Whose link is this? Decided by the link's host, never by what a file says about it."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from enrichscrapy.sites import Site, find_sites

if TYPE_CHECKING:
    import tldextract

_PLAIN = re.compile(r"https?://([a-z0-9.-]+)(?=[/?#]|$)", re.ASCII | re.IGNORECASE)
"""An address without a port, a user or anything odd in its host, as nearly all are."""


class Link(NamedTuple):
    """A link as it is stored.

    ``site`` is the source it belongs to, or its host's registrable name (``twitter``); ``url`` is
    canonical where the site is known; ``normalized_id`` is None for a link of a known site that
    is no profile (such a link is kept, and never looked up).
    """

    site: str
    url: str
    normalized_id: str | None


def read_link(url: str, normalized_id: str | None = None) -> Link:
    """Read a link; raises ``ValueError`` when it is no web address.

    ``normalized_id`` is what the importing file holds; it counts for unknown sites only.
    """
    url = url.strip()
    name, site = _find_site(_find_host(url))
    if site is None:
        return Link(name, url, normalized_id or url)
    canonical = site.canonical_url(url)
    if canonical is None:
        return Link(name, url, None)
    return Link(name, canonical, site.slug_from_url(canonical) or canonical)


def _find_host(url: str) -> str:
    if (plain := _PLAIN.match(url)) and (host := plain[1].rstrip(".")):
        return host.lower()
    parts = urlsplit(url)  # raises ValueError for a broken IPv6 address
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise ValueError(f"not a web address: {url[:200]!r}")
    return host


@functools.lru_cache(maxsize=4096)
def _find_site(host: str) -> tuple[str, Site | None]:
    """Whose the host is, with the site's own module where there is one."""
    for name, site in find_sites().items():
        if host in site.HOSTS:
            return name, site
    parts = _make_extractor()(host)
    # iafd.net is not IAFD: only a host the site's own module names may carry its name.
    whole = parts.suffix and parts.domain  # a host may be a bare suffix, or have no known one
    return parts.domain if whole and parts.domain not in find_sites() else host, None


@functools.cache
def _make_extractor() -> tldextract.TLDExtract:
    # The list that ships with the package: no request, no cache folder.
    import tldextract  # takes a while, and most commands read no link

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
