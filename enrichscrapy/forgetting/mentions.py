"""Does a text mention this person? By name in any spelling of a URL, by link, by a site's slug."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote

from enrichscrapy.database.links import read_link
from enrichscrapy.database.traits import Traits, make_comparable
from enrichscrapy.facts.names import fold_letters
from enrichscrapy.sites import find_sites

_BETWEEN_WORDS = r"[\W_]*"


class Mentions:
    """``person in text``: finds too much rather than too little, because what it finds is
    removed.
    """

    def __init__(self, traits: Traits) -> None:
        names = {name for name in traits.names if " " in name.strip()} | set(traits.names[:1])
        slugs = [slug for url in traits.links if (slug := _find_slug(url))]
        links = [make_comparable(url) for url in traits.links]
        patterns = [_compile_words(name) for name in (*names, *slugs)]
        patterns += [re.escape(unquote(link).casefold()) for link in links if link]
        marks = [*(value for _, value in traits.ids), *traits.traces]
        patterns += [re.escape(unquote(mark).casefold()) for mark in marks if len(mark) > 8]
        found = "|".join(sorted({pattern for pattern in patterns if pattern}))
        self._pattern = re.compile(found) if found else None

    def __contains__(self, text: object) -> bool:
        if self._pattern is None or not isinstance(text, str):
            return False
        plain = unquote(text).casefold()
        if self._pattern.search(plain):
            return True
        return not plain.isascii() and bool(self._pattern.search(fold_letters(plain)))

    def match_any(self, texts: Iterable[str | None]) -> bool:
        return any(text in self for text in texts)


def _compile_words(name: str) -> str:
    """A name as whole words, with anything between them: ``Ann Bee``, ``Ann_Bee``, ``annbee``."""
    spellings = {unquote(name).casefold(), fold_letters(unquote(name))}
    patterns = []
    for spelling in spellings:
        words = re.findall(r"[^\W_]+", spelling)
        if words:
            patterns.append(rf"(?<![^\W_]){_BETWEEN_WORDS.join(map(re.escape, words))}(?![^\W_])")
    return "|".join(patterns)


def _find_slug(url: str) -> str | None:
    """The site's own name for the person, where the site is known."""
    try:
        link = read_link(url)
    except ValueError:
        return None
    return link.normalized_id if link.site in find_sites() else None
