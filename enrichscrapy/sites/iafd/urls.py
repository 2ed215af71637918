"""IAFD's links: the present scheme, ``id=<uuid>``, and the older one, ``perfid=…``."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus, unquote

from enrichscrapy.facts.links import split_url
from enrichscrapy.facts.lookup_names import clean_name
from enrichscrapy.facts.names import fold_letters
from enrichscrapy.sites.links import escape_path

NAME = "iafd"
HOME = "https://www.iafd.com"
HOSTS = frozenset({"www.iafd.com", "iafd.com"})
PHOTO_HOSTS = HOSTS

UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LETTERS = {
    "FEMALE": ("f",),
    "MALE": ("m",),
    "TRANSGENDER_FEMALE": ("tf", "f"),
    "TRANSGENDER_MALE": ("tm", "m"),
}


def slug_from_url(url: str) -> str | None:
    """The uuid of an ``id=`` link, else the ``perfid``, lower-case; None for any other link."""
    parts = split_url(url)
    if parts is None or (parts.hostname or "").rstrip(".") not in HOSTS:
        return None
    path = re.sub("%3d", "=", parts.path, flags=re.IGNORECASE)
    match = re.match(rf"/+person\.rme/+(?:id=({UUID})(?![^/])|perfid=([^/]+))", path, re.IGNORECASE)
    return unquote(match[1] or match[2]).strip().lower() or None if match else None


def slug_from_name(name: str) -> str:
    """``Mary-Jane`` -> ``maryjane``: spaces, dots, apostrophes, hyphens and accents go."""
    # Folded Cherokee is upper-case.
    return re.sub(r"[\s_.'-]+", "", fold_letters(clean_name(name)).lower())


def canonical_url(url: str) -> str | None:
    """HTTPS and the real host; a ``perfid`` link's path stays as it is, a uuid is lower-cased."""
    slug, parts = slug_from_url(url), split_url(url)
    if slug is None or parts is None:
        return None
    if re.fullmatch(UUID, slug):
        return f"{HOME}/person.rme/id={slug}"
    return HOME + escape_path(re.sub("%3d", "=", parts.path, flags=re.IGNORECASE))


def profile_urls(name: str, gender: str | None) -> list[str]:
    """Links of the older scheme, which can be made from a name; the site redirects them."""
    slug = slug_from_name(name)
    page = quote("-".join(fold_letters(clean_name(name)).split()), safe="", errors="replace")
    perfid = quote(slug, safe="", errors="replace")
    letters = _LETTERS.get((gender or "").strip().upper(), ("f", "m"))
    urls = [f"{HOME}/person.rme/perfid={perfid}/gender={each}/{page}.htm" for each in letters]
    return urls if slug else []


def search_url(name: str) -> str:
    query = quote_plus(clean_name(name), errors="replace")
    return f"{HOME}/ramesearch.asp?searchtype=comprehensive&searchstring={query}"
