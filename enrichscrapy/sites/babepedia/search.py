"""Babepedia's search: what its search field suggests. Its search page lists only other people."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from parsel import Selector
from w3lib.html import remove_tags

from enrichscrapy.facts.text import MAX_LINK, MAX_NAME, clean_aliases, cut
from enrichscrapy.sites import SearchResult
from enrichscrapy.sites.babepedia.urls import make_profile_url, make_slug
from enrichscrapy.sites.html import MAX_ELEMENTS

_AKA = re.compile(r"[(\[]\s*(aka\b[^)\]]*)[)\]]?", re.IGNORECASE)


def parse_search(selector: Selector, url: str) -> list[SearchResult]:
    """The site's suggestions, in its order.

    None from the page that answers a name in HTML: every ``/babe/`` link on it is a recommendation
    of somebody else.
    """
    return list(_read_suggestions(selector.root)) if is_suggestions(selector) else []


def is_suggestions(selector: Selector) -> bool:
    return selector.type == "json" and isinstance(selector.root, list)


def _read_suggestions(entries: list[Any]) -> Iterator[SearchResult]:
    """``/ajax-search.php?term=`` answers ``[{"label": shown, "value": name}]``."""
    found: dict[str, SearchResult] = {}
    for entry in islice(entries, MAX_ELEMENTS):
        value, label = (_read_text(entry, key) for key in ("value", "label"))
        slug = make_slug(value)
        if slug and len(slug) <= MAX_NAME:
            name = slug.replace("_", " ")
            shown = re.split(r"\baka\b:?|\s[-/]\s|,", _AKA.sub(r" \1", label), flags=re.IGNORECASE)
            result = SearchResult(name, make_profile_url(slug), clean_aliases(shown, name))
            found.setdefault(result.url, result)
    yield from found.values()


def _read_text(entry: object, key: str) -> str:
    text = entry.get(key) if isinstance(entry, dict) else None
    return cut(html.unescape(remove_tags(text[:MAX_LINK]))) if isinstance(text, str) else ""
