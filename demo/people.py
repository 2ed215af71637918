"""The invented people of the demo: what the database knows of them, what each site says.

Nobody here exists. Every picture is drawn (``portraits.py``); a photo is asked for as a kind:

``own``            a portrait of the person
``upload``         the same, among the user uploads
``stranger``       somebody else's portrait among the person's own
``two``, ``none``  a photo with two faces, one without any
``broken``         bytes that are no picture
``missing``        an address that answers 404
``same``, ``again``  the first photo's bytes once more; the same picture, smaller and recompressed
"""

from __future__ import annotations

import functools
import io
import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL import Image

from demo.portraits import PersonLook, Shot, draw_portrait
from demo.sites.babepedia import slug_of
from demo.sites.content import Layout, SitePhoto, SiteProfile, Variant, person_uuid
from demo.sites.iafd import perfid_of
from demo.stash.library import StashPerformer
from enrichscrapy.items import PartialDate

BABEPEDIA = "https://www.babepedia.com/babe"
IAFD = "https://www.iafd.com/person.rme"
STASH_BOX = "https://stashdb.org/graphql"
STRANGERS = 40
"""Numbers from here on are people who are in no database."""


@dataclass(frozen=True)
class SitePage:
    """What one site has of a person; ``profile`` changes the person's own facts there.

    ``looks`` is whose portraits it shows: a wrong page shows somebody else's.
    """

    photos: tuple[str, ...] = ("own",)
    profile: dict[str, object] = field(default_factory=dict)
    looks: int | None = None


@dataclass(frozen=True)
class DemoPerson:
    """One performer of the demo's database.

    ``number`` draws the person's looks; ``known`` is how many own photos the user has of them;
    ``links`` are the stored ones.
    """

    number: int
    name: str
    gender: str | None = "FEMALE"
    birth_date: str | None = None
    country: str | None = None
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    known: int = 0
    disambiguation: str | None = None
    babepedia: SitePage | None = None
    iafd: SitePage | None = None

    @property
    def stash_id(self) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"demo-stash-box:{self.number}"))


def link(name: str) -> str:
    return f"{BABEPEDIA}/{slug_of(name)}"


OWN = SitePage()

PEOPLE: tuple[DemoPerson, ...] = (
    DemoPerson(
        1,
        "Tessa Quillmark",
        birth_date="1990-03-02",
        country="SE",
        aliases=("Tess Q",),
        links=(link("Tessa Quillmark"), f"{IAFD}/perfid=tessaquillmark/Tessa-Quillmark.htm"),
        known=3,
        babepedia=SitePage(("own", "own", "own", "own")),
        iafd=OWN,
    ),
    DemoPerson(
        2,
        "Orla Fenwright",
        birth_date="1992-07-19",
        links=(f"{link('Orla Fenwright')}?ref=1",),
        known=1,
        babepedia=SitePage(("own", "own", "stranger", "own")),
        iafd=OWN,
    ),
    DemoPerson(
        3,
        "Maren Solvik",
        birth_date="1988-11-05",
        country="NO",
        links=(link("Maren Solvik"),),
        babepedia=SitePage(("own", "own", "own")),
        iafd=OWN,
    ),
    DemoPerson(
        4,
        "Ilse Brandtmoor",
        birth_date="1985-01-30",
        country="DE",
        links=(link("Ilse Brandtmoor"),),
        babepedia=OWN,
    ),
    DemoPerson(5, "Juno Hartvale", links=(link("Juno Hartvale"),), babepedia=OWN, iafd=OWN),
    DemoPerson(
        6,
        "Cleo Marrowind",
        birth_date="1991-05-21",
        links=(link("Cleo Marrowind"),),
        known=3,
        babepedia=SitePage(("own", "own", "own"), looks=STRANGERS + 1),
        iafd=OWN,
    ),
    DemoPerson(
        7,
        "Nadia Ostrowen",
        birth_date="1993-09-09",
        links=(link("Nadia Ostrowen"),),
        known=1,
        iafd=OWN,
    ),
    DemoPerson(8, "Freya Lundmoor", birth_date="1987", links=(link("Freya Lundmoor"),)),
    DemoPerson(
        9,
        "Viola Castermane",
        birth_date="1990-12-24",
        links=(link("Viola Caster"), link("Viola Castermane")),
        known=1,
        babepedia=SitePage(("own", "own")),
    ),
    DemoPerson(
        10,
        "Greta Ashgrove",
        birth_date="1989-04-11",
        links=(link("Greta Ashgrove"),),
        known=3,
        babepedia=SitePage(("own", "two", "none", "broken", "missing", "same", "again", "upload")),
        iafd=OWN,
    ),
    DemoPerson(
        11,
        "Hanna Wildecott",
        birth_date="1994-02-14",
        links=(link("Hanna Wildecott"),),
        babepedia=SitePage((), {"placeholder": True}),
        iafd=SitePage(("own",), {"placeholder": True}),
    ),
    DemoPerson(
        12,
        "Sable Thornquist",
        birth_date="1980-11-21",
        country="ES",
        links=(link("Sable Thornquist"),),
        known=1,
        babepedia=SitePage(("own", "own"), {"layout": Layout.OLDER}),
    ),
    DemoPerson(
        13,
        "Kira O'Mallin",
        birth_date="1995-06-17",
        links=(f"{BABEPEDIA}/Kira_O%27Mallin",),
        known=1,
        babepedia=SitePage(("own", "own")),
        iafd=SitePage(profile={"variants": frozenset({Variant.LAZY})}),
    ),
    DemoPerson(
        14,
        "Zoë Dubréaux",
        birth_date="1991-08-08",
        country="FR",
        links=("https://babepedia.com/babe/Zo%C3%AB_Dubr%C3%A9aux/",),
        known=1,
        babepedia=SitePage(("own", "upload")),
        iafd=SitePage(profile={"variants": frozenset({Variant.REWRITTEN})}),
    ),
    DemoPerson(
        15,
        "Rhea Kallistor",
        birth_date="1986-10-03",
        links=(link("Rhea Kallistor"),),
        known=3,
        babepedia=SitePage(("own",) * 7),
        iafd=OWN,
    ),
    DemoPerson(
        16,
        "Anna Belcroft",
        birth_date="1985-03-12",
        disambiguation="born 1985",
        links=(link("Anna Belcroft"),),
        babepedia=SitePage(("own", "own")),
        iafd=OWN,
    ),
    DemoPerson(
        17,
        "Anna Belcroft",
        birth_date="1994-08-27",
        disambiguation="born 1994",
        links=(f"{BABEPEDIA}/Anna_Belcroft_2",),
        babepedia=SitePage(("own", "own"), {"slug": "Anna_Belcroft_2"}),
        iafd=SitePage(profile={"slug": "annabelcroft2"}),
    ),
    DemoPerson(
        18,
        "Isolde Pfennigreich",
        birth_date="1983",
        country="AT",
        links=(link("Isolde Pfennigreich"),),
        babepedia=SitePage(("own", "own", "own", "stranger")),
    ),
    # Nobody below has a Babepedia link.
    DemoPerson(19, "Bruno Steinwald", "MALE", "1982-02-02", "CZ", known=3, iafd=OWN),
    DemoPerson(20, "Dorian Kessmark", "male", "1979-06-30", "US", iafd=OWN),
    DemoPerson(
        21,
        "Iris Vanewood",
        "TRANSGENDER_FEMALE",
        "1996-01-15",
        links=(f"{IAFD}/id={person_uuid('Iris Vanewood', '1996-01-15').upper()}",),
        known=1,
        iafd=OWN,
    ),
    DemoPerson(22, "Jules Corvane", "transgender_male", "1990-09-01", iafd=OWN),
    DemoPerson(23, "Robin Ashquill", None, "1992-04-04", known=1, iafd=OWN),
    DemoPerson(
        24, "Theo Brannick", "MALE", "1975", links=(f"{IAFD}/id={person_uuid('moved away')}",)
    ),
    DemoPerson(
        25,
        "Wren Holmgate",
        birth_date="1993-12-01",
        aliases=("Wren Holms",),
        known=1,
        iafd=SitePage(profile={"name": "Wren Holms", "aliases": ()}),
    ),
    DemoPerson(
        26,
        "Sunniva Raske",
        birth_date="1988-05-05",
        iafd=SitePage(profile={"birth_date": PartialDate(1971, 2, 2)}, looks=STRANGERS + 2),
    ),
    DemoPerson(27, "A.J. Wexcombe", birth_date="1990-10-10", country="US", known=1, iafd=OWN),
    DemoPerson(28, "Dahlia Brockwen", None, aliases=("Dahlia B",)),
    DemoPerson(29, "Lotte Vandermeek", "female", "1984-07-07", iafd=SitePage(("missing",))),
    DemoPerson(30, "Xenia Morvay", birth_date="1997-03-03", known=1),
)

LANDS_ELSEWHERE = ("Nadia Ostrowen", "Petra Ostrowen")
"""Babepedia answers the first name's address with the second one's page."""


# --- What the user has ---------------------------------------------------------------------------


def performer_rows(people: Sequence[DemoPerson] = PEOPLE) -> Iterator[dict[str, object]]:
    """The people as ``scrapy import-performers`` reads them from JSONL."""
    for person in people:
        yield {
            "id": person.number,
            "name": person.name,
            "disambiguation": person.disambiguation,
            "gender": person.gender,
            "birth_date": person.birth_date,
            "country": person.country,
            "aliases": list(person.aliases),
            "urls": list(person.links),
            "stashbox_ids": {"stashdb": person.stash_id},
        }


def write_performers(path: Path, people: Sequence[DemoPerson] = PEOPLE) -> None:
    lines = (json.dumps(row, ensure_ascii=False) for row in performer_rows(people))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def list_stash_performers(people: Sequence[DemoPerson] = PEOPLE) -> Iterator[StashPerformer]:
    """The people as the user's Stash has them, the first of their known faces as the picture."""
    for person in people:
        yield StashPerformer(
            person.number,
            person.name,
            disambiguation=person.disambiguation,
            gender=person.gender.upper() if person.gender else None,
            birthdate=person.birth_date,
            country=person.country,
            urls=list(person.links),
            alias_list=list(person.aliases),
            stash_ids=[(STASH_BOX, person.stash_id)],
            image=_draw_known_face(person, 0) if person.known else None,
        )


def write_known_faces(
    folder: Path, people: Sequence[DemoPerson] = PEOPLE, *, but_first: bool = False
) -> None:
    """One sub-folder a person with known faces, named by stash-box id.

    ``but_first`` leaves the one out that :func:`list_stash_performers` has as a picture.
    """
    for person in people:
        for number in range(int(but_first), person.known):
            target = folder / person.stash_id
            target.mkdir(parents=True, exist_ok=True)
            picture = _draw_known_face(person, number)
            (target / f"photo{number + 1}.jpg").write_bytes(picture)


def _draw_known_face(person: DemoPerson, number: int) -> bytes:
    return portrait(person.number, 900 + number, is_masculine(person))


# --- What the sites have -------------------------------------------------------------------------


def babepedia_profiles(people: Sequence[DemoPerson] = PEOPLE) -> list[SiteProfile]:
    profiles = [_profile(p, p.babepedia, 0) for p in people if p.babepedia is not None]
    elsewhere, whose = LANDS_ELSEWHERE
    other = DemoPerson(STRANGERS + 3, whose, birth_date="1970-01-01")
    return [*profiles, replace(_profile(other, OWN, 0), names_here=(elsewhere,))]


def iafd_profiles(people: Sequence[DemoPerson] = PEOPLE) -> list[SiteProfile]:
    return [_profile(person, person.iafd, 100) for person in people if person.iafd is not None]


def _profile(person: DemoPerson, page: SitePage, first_shot: int) -> SiteProfile:
    looks = person.number if page.looks is None else page.looks
    masculine = is_masculine(person)
    profile = SiteProfile(
        name=person.name,
        aliases=person.aliases,
        gender=(person.gender or "FEMALE").upper(),
        birth_date=PartialDate.parse(person.birth_date) if person.birth_date else None,
        country=person.country,
        photos=tuple(
            _photo(kind, looks, first_shot + number, first_shot, masculine)
            for number, kind in enumerate(page.photos)
        ),
    )
    return replace(profile, **page.profile)  # type: ignore[arg-type]  # its own fields, by name


def is_masculine(person: DemoPerson) -> bool:
    return (person.gender or "").upper() in ("MALE", "TRANSGENDER_MALE")


def _photo(kind: str, looks: int, shot: int, first: int, masculine: bool) -> SitePhoto:
    own = functools.partial(portrait, looks, shot, masculine)
    drawings: dict[str, Callable[[], bytes]] = {
        "own": own,
        "upload": own,
        "missing": own,
        "stranger": functools.partial(portrait, STRANGERS + 4, shot),
        "two": functools.partial(two_faces, looks, shot),
        "none": no_face,
        "broken": broken_file,
        "same": functools.partial(portrait, looks, first, masculine),
        "again": functools.partial(recompressed, looks, first, masculine),
    }
    return SitePhoto(drawings[kind], upload=kind == "upload", missing=kind == "missing")


# --- Pictures ------------------------------------------------------------------------------------

# People are drawn by lot. These lots were picked because to the stand-in no two of them look alike.
# fmt: off
SEEDS = {
    1: 125, 2: 105, 3: 102, 4: 122, 5: 86, 6: 91, 7: 1, 8: 33, 9: 63, 10: 35,
    11: 108, 12: 6, 13: 54, 14: 106, 15: 27, 16: 15, 17: 97, 18: 16, 19: 10, 20: 7,
    21: 118, 22: 17, 23: 37, 24: 6, 25: 24, 26: 22, 27: 110, 28: 46, 29: 89, 30: 123,
    41: 4, 42: 20, 43: 109, 44: 116, 45: 65,
}
# fmt: on

CALM = 0.7
"""The share of a free shot's pose and light that the demo's shots have."""


@functools.cache
def looks_of(number: int, masculine: bool) -> PersonLook:
    return PersonLook.from_seed(SEEDS[number], masculine)


def shot_of(number: int, shot: int) -> Shot:
    """One of endlessly many portraits, a little calmer than the freest."""
    free, plain = Shot.from_seed(SEEDS.get(number, number) * 1000 + shot), Shot()

    def calmer(free_value: float, plain_value: float) -> float:
        return plain_value + (free_value - plain_value) * CALM

    return replace(
        free,
        yaw=calmer(free.yaw, plain.yaw),
        pitch=calmer(free.pitch, plain.pitch),
        roll=calmer(free.roll, plain.roll),
        light_x=calmer(free.light_x, plain.light_x),
        light_y=calmer(free.light_y, plain.light_y),
        light=calmer(free.light, plain.light),
        warmth=calmer(free.warmth, plain.warmth),
        smile=calmer(free.smile, plain.smile),
    )


def portrait(number: int, shot: int, masculine: bool = False) -> bytes:
    """One portrait as JPEG: the person of that number in the shot of that number."""
    return draw_portrait(looks_of(number, masculine), shot_of(number, shot))


def two_faces(number: int, shot: int) -> bytes:
    """Two people side by side, equally large."""
    left = Image.open(io.BytesIO(portrait(number, shot)))
    right = Image.open(io.BytesIO(portrait(STRANGERS + 5, shot)))
    both = Image.new("RGB", (left.width + right.width, left.height))
    both.paste(left, (0, 0))
    both.paste(right, (left.width, 0))
    return _jpeg(both)


def no_face() -> bytes:
    """A landscape of two colours."""
    picture = Image.linear_gradient("L").resize((480, 640))
    return _jpeg(Image.merge("RGB", (picture, picture.rotate(90).resize((480, 640)), picture)))


def broken_file() -> bytes:
    """The first bytes of a JPEG, and no more."""
    return no_face()[:200]


def recompressed(number: int, shot: int, masculine: bool = False) -> bytes:
    """The same picture, smaller and at a lower quality."""
    picture = Image.open(io.BytesIO(portrait(number, shot, masculine)))
    return _jpeg(picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)), quality=60)


def _jpeg(picture: Image.Image, quality: int = 88) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


__all__ = [
    "PEOPLE",
    "DemoPerson",
    "SitePage",
    "babepedia_profiles",
    "iafd_profiles",
    "perfid_of",
    "portrait",
    "write_known_faces",
    "write_performers",
]
