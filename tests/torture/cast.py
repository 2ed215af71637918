"""The invented people of the torture runs: their verdicts do not depend on the order of things.

Everybody who is found has three faces of the user's own to be judged by, far from anybody else's;
no limit is reached, and no picture is shown twice.
"""

from __future__ import annotations

from typing import Any

from demo.people import DemoPerson, SitePage, link
from demo.sites import DemoSites, Fault, Kind

OWN = SitePage(("own", "own"))


def person(number: int, name: str, **more: Any) -> DemoPerson:
    facts: dict[str, Any] = {
        "birth_date": f"19{80 + number}-04-0{number % 9 + 1}",
        "links": (link(name),),
    }
    pages: dict[str, Any] = {"known": 3, "babepedia": OWN, "iafd": SitePage(("own",))}
    return DemoPerson(number, name, **{**facts, **pages, **more})


CAST = (
    person(1, "Asta Quernholt"),
    person(2, "Berit Vossmar"),
    person(3, "Carla Denmoor", babepedia=None),
    person(4, "Dunja Kellrath", babepedia=SitePage(("own", "two"))),
    person(5, "Edda Lorvane", links=(link("Edda Elsewhere"), link("Edda Lorvane"))),
    person(6, "Frida Ostmann", iafd=None),
    person(7, "Gesa Pollwing", babepedia=SitePage(("own", "missing", "none"))),
    person(8, "Henni Rastov", babepedia=SitePage(("own", "broken"))),
    person(9, "Ilka Sundgren", iafd=SitePage(profile={"birth_date": None})),
    person(10, "Jorun Tavelle", iafd=SitePage(("own", "own"))),
)
PAGES = {f"/babe/{person.name.replace(' ', '_')}": person.number for person in CAST}
"""Each person's first page on Babepedia; the ledger knows the people by the same numbers."""


def add_faults(sites: DemoSites) -> None:
    """One page is out of order at first, and everything takes a moment."""
    for site in (sites.babepedia, sites.iafd):
        site.set_fault("*", Fault(Kind.DELAY, seconds=0.05))
    sites.babepedia.set_fault("/babe/Berit_Vossmar", Fault(Kind.STATUS, times=1))
