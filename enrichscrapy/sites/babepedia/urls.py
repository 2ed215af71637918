"""Babepedia's links: a profile's slug is the name with underscores."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus, unquote

from enrichscrapy.facts.links import split_url
from enrichscrapy.facts.lookup_names import clean_name

NAME = "babepedia"
HOME = "https://www.babepedia.com"
HOSTS = frozenset({"www.babepedia.com", "babepedia.com"})
PHOTO_HOSTS = HOSTS


def slug_from_url(url: str) -> str | None:
    """``https://www.babepedia.com/babe/Mary_Sue?x=1`` -> ``Mary_Sue`` (decoded)."""
    parts = split_url(url)
    if parts is None or (parts.hostname or "").rstrip(".") not in HOSTS:
        return None
    match = re.fullmatch(r"/+babe/([^/]+)(?:/.*)?", parts.path, re.IGNORECASE)
    return make_slug(unquote(match[1])) or None if match else None


def slug_from_name(name: str) -> str:
    """``Mary Sue`` -> ``Mary_Sue``; dots, hyphens and accents stay, apostrophes are straight."""
    return make_slug(clean_name(name))


def make_slug(listed: str) -> str:
    """The slug of a name as the site itself writes it."""
    return "_".join(listed.replace("_", " ").split())


def canonical_url(url: str) -> str | None:
    slug = slug_from_url(url)
    return make_profile_url(slug) if slug else None


def profile_urls(name: str, gender: str | None) -> list[str]:
    """The slug as it is, then without apostrophes: it is not known which the site uses."""
    slug = slug_from_name(name)
    slugs = dict.fromkeys((slug, slug.replace("'", "")))
    return [make_profile_url(each) for each in slugs if each]


def search_url(name: str) -> str:
    """The suggestions of the search field; the search page does not list the person searched for.

    They know the beginnings of names, and no hyphens.
    """
    term = " ".join(clean_name(name).replace("-", " ").split())
    return f"{HOME}/ajax-search.php?term={quote_plus(term, errors='replace')}"


def make_profile_url(slug: str) -> str:
    return f"{HOME}/babe/{quote(slug, safe='', errors='replace')}"
