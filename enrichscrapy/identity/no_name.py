"""Names that are no one person's: those of several people, and descriptions that fit anybody."""

from __future__ import annotations

import re

from enrichscrapy.facts.demonyms import DEMONYMS
from enrichscrapy.facts.names import split_name, strip_name
from enrichscrapy.facts.nicknames import is_first_name

# Names that belong to several people.
_COLLECTIVE = re.compile(
    r"\b(?:twins?|triplets|sisters?|sis|brothers?|bros|couple|duo|trio|girls|boys|gemel[ao]s|"
    r"gemell[ei]|jumeaux|jumelles|zwillinge|schwestern|hermanas|pareja|casal|and|und|with|feat|ft|vs)\b"
    r"|(?<=\s)(?-i:et|och|og|en|ve|ja|és|x|n|и|та|і|και)(?=\s)|[&+/]",
    re.IGNORECASE,
)
_COMPANION = re.compile(r"\((?:with|and|&|feat\.?|ft\.?)\s+[^\W\d_a-z]")
# The same between two people and between the two family names of one: "Ortega y Vidal".
_JOINS = re.compile(r"(?P<before>.+)\s(?:y|e|i|a)\s(?P<after>.+)")
# Words of which names are made that could be anybody's.
_ANYBODY = set(
    re.findall(
        r"\w+",
        """amateur amateurs anonymous babe blonde blond brunette redhead ebony asian latina casting
    coed doe euro european exotic girl girlfriend guy hot jane john lady man mature milf model
    mrs mr mystery nameless new no name sexy star student teen the uncredited unidentified
    unknown unnamed various woman young black white lesbian couple wife housewife""",
    )
)
_KINDS = {"girl", "model", "babe", "milf", "teen", "amateur", "housewife", "coed"}


def is_collective(name: str) -> bool:
    """Does the name speak of several people: ``Anna & Mia``, ``The Vesk Twins``?"""
    bare = strip_name(name)
    if _COLLECTIVE.search(bare) or _COMPANION.search(name) or _joins_people(bare):
        return True
    halves = [half.split() for half in name.split(",")]  # "Lopez Garcia, Ana Maria" is one
    return len(halves) > 1 and all(len(h) > 1 and is_first_name(h[0]) for h in halves)


def _joins_people(name: str) -> bool:
    joined = _JOINS.fullmatch(name)
    if joined is None:
        return False
    before, after = joined["before"].split(), joined["after"].split()
    return len(before) < 2 or len(after) > 1 or is_first_name(after[0])


def is_anybodys(name: str) -> bool:
    """Is it no name but a description, ``Czech Girl``, or a number: ``Model 417``?"""
    words = split_name(strip_name(name))
    return all(word in _ANYBODY or word in DEMONYMS or word.isdecimal() for word in words)


def says_what_not_who(alias: str) -> bool:
    """``Metro Casting Girl``: a site's description, not a name."""
    return is_anybodys(alias) or (split_name(strip_name(alias))[-1:] or ("",))[0] in _KINDS
