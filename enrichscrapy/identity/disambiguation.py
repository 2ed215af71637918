"""What a database's note on namesakes says: ``II``, ``born 1999``, ``1970s``, ``Hungarian``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from enrichscrapy.facts.countries import find_country_by_nationality
from enrichscrapy.facts.genders import read_gender
from enrichscrapy.facts.names import split_number
from enrichscrapy.facts.text import MAX_NAME

_YEAR = re.compile(
    r"(?<!\d)(?P<born>b\.?\s*|born\s+(?:in\s+)?)?(?P<year>19\d\d|20[0-4]\d)(?![\ds])"
)
_DECADE = re.compile(r"(?<!\d)(?:(?P<century>19|20)|['’])?(?P<decade>\d)0['’]?s\b")
_LONG_AGO = re.compile(r"\b(?:golden age|vintage|classic|retro)\b", re.IGNORECASE)
_LONG_AGO_ENDED = 1989
_ORDINALS = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
_GENDERS = {"male", "man", "actor", "female", "woman", "actress"}


@dataclass(frozen=True)
class Note:
    """``born`` is certain, ``year`` may be of birth or of work; ``worked_until`` ends an era."""

    number: int | None = None
    born: int | None = None
    year: int | None = None
    worked_until: int | None = None
    country: str | None = None
    gender: str | None = None


_IN_BRACKETS = re.compile(r"[(\[]([^()\[\]]+)[)\]]")


def note_in(name: str) -> str:
    """What stands in brackets beside a name: ``Anna Bo (German)``."""
    return " ".join(_IN_BRACKETS.findall(name[:MAX_NAME]))


def read_disambiguation(text: str | None) -> Note:
    text = (text or "").strip()
    if not text:
        return Note()
    year, decade = _YEAR.search(text), _DECADE.search(text)
    ended = _LONG_AGO_ENDED if _LONG_AGO.search(text) else None
    if decade:
        century = decade["century"] or ("20" if decade["decade"] < "3" else "19")
        ended = int(f"{century}{decade['decade']}9")
    words = re.findall(r"\w+", text.casefold())
    ordinals = [_ORDINALS[word] for word in words if word in _ORDINALS]
    genders = {read_gender(word) for word in _GENDERS.intersection(words)}
    is_trans = any(word.startswith("trans") for word in words)
    return Note(
        # As a name would be marked: "2", "#2", "(II)", "Jr."
        number=split_number(f"x {text}")[1] or next(iter(ordinals), None),
        born=int(year["year"]) if year and year["born"] else None,
        year=int(year["year"]) if year and not year["born"] else None,
        worked_until=ended,
        country=find_country_by_nationality(text),
        gender=genders.pop() if len(genders) == 1 and not is_trans else None,
    )
