"""Addresses found on a site's own pages, limited to that site."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from enrichscrapy.facts.text import MAX_LINK

# Everything a path may hold unescaped, and "%", so that what is escaped stays as it is.
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"


def on_site(href: str | None, home: str, hosts: Collection[str]) -> SplitResult | None:
    """The parts of a link found on a page of a site, when it leads to that site; else None."""
    if not href or len(href) > MAX_LINK or not href.strip():
        return None
    try:
        parts = urlsplit(urljoin(f"{home}/", href.strip()))
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    return parts if parts.scheme in ("http", "https") and host in hosts else None


def find_own_url(
    hrefs: Iterable[str],
    home: str,
    hosts: Collection[str],
    canonical_url: Callable[[str], str | None],
) -> str | None:
    """The page's own canonical address: the first of these links that is a profile's."""
    on_it = filter(None, (on_site(href, home, hosts) for href in hrefs))
    return next(filter(None, (canonical_url(parts.geturl()) for parts in on_it)), None)


def escape_path(path: str) -> str:
    """Escape what a path must not hold raw (spaces, non-ASCII); escapes already there stay."""
    return quote(path, safe=_PATH_SAFE, errors="replace")


def read_photo_url(href: str | None, home: str, hosts: Collection[str], path: str) -> str | None:
    """The canonical address of a photo of the site: None unless host and path are as expected.

    ``path`` is a regular expression for the whole decoded path. An address with a query is no
    photo: that is how the sites link to their upload forms.
    """
    if not href or "?" in href:
        return None
    parts = on_site(href, home, hosts)
    if parts is None or not re.fullmatch(path, unquote(parts.path), re.IGNORECASE):
        return None
    url = home + escape_path(parts.path)
    return url if len(url) <= MAX_LINK else None  # an escaped letter is nine
