"""Reading and normalising links, without ever raising on a bad one."""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

# Everything a path may hold unescaped, and "%", so that what is escaped stays as it is.
_PATH_SAFE = "/%:@!$&'()*+,;=~-._"
_KINDS = {
    "instagram.com": "instagram",
    "onlyfans.com": "onlyfans",
    "tiktok.com": "tiktok",
    "youtube.com": "youtube",
    "youtu.be": "youtube",
    "twitch.tv": "twitch",
    "imdb.com": "imdb",
    "x.com": "x",
    "twitter.com": "twitter",
    "facebook.com": "facebook",
    "fb.com": "facebook",
    "fansly.com": "fansly",
    "manyvids.com": "manyvids",
    "linktr.ee": "linktree",
    "snapchat.com": "snapchat",
    "myspace.com": "myspace",
    "egafd.com": "egafd",
    "bgafd.co.uk": "bgafd",
    "wikidata.org": "wikidata",
    "wikipedia.org": "wikipedia",
}


def split_url(url: str) -> SplitResult | None:
    """The parts of an HTTP link (its scheme may be missing); None if it is none."""
    url = url.strip()
    if url.startswith("//"):
        url = f"https:{url}"
    elif not re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:(?!\d+(?:/|$))", url):
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def host_of(url: str) -> str | None:
    """The link's host, lower-cased, without a trailing dot."""
    parts = split_url(url)
    return (parts.hostname or "").rstrip(".") or None if parts else None


def on_site(href: str | None, home: str, hosts: Collection[str]) -> SplitResult | None:
    """The parts of a link found on a page of a site, when it leads to that site; else None."""
    if not href or not href.strip():
        return None
    try:
        parts = urlsplit(urljoin(f"{home}/", href.strip()))
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    return parts if parts.scheme in ("http", "https") and host in hosts else None


def escape_path(path: str) -> str:
    """Escape what a path must not hold raw (spaces, non-ASCII); escapes already there stay."""
    return quote(path, safe=_PATH_SAFE, errors="replace")


def photo_url(href: str | None, home: str, hosts: Collection[str], path: str) -> str | None:
    """The canonical address of a photo of the site: None unless host and path are as expected.

    ``path`` is a regular expression for the whole decoded path. An address with a query is no
    photo: that is how the sites link to their upload forms.
    """
    if not href or "?" in href:
        return None
    parts = on_site(href, home, hosts)
    if parts is None or not re.fullmatch(path, unquote(parts.path), re.IGNORECASE):
        return None
    return home + escape_path(parts.path)


def outside_link(href: str | None, hosts: Collection[str]) -> str | None:
    """An absolute HTTP link away from the site, as written but for white space; else None."""
    href = (href or "").strip()
    if not re.match(r"(?:https?:)?//", href, re.IGNORECASE):
        return None
    host = host_of(href)
    if host is None or "." not in host or host in hosts:
        return None
    return f"https:{href}" if href.startswith("//") else href


def link_kind(url: str) -> str:
    """The platform a link leads to; ``www`` for a site of one's own."""
    host = host_of(url) or ""
    for known, kind in _KINDS.items():
        if host == known or host.endswith(f".{known}"):
            return kind
    return "www"
