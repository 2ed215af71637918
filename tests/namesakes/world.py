"""A site of people with much the same names, and performers to be found on it (all invented).

Each family is one trap. A performer's ``page`` is the slug that is really theirs and that the
stated evidence leads to; None where nothing stated tells the pages apart, or theirs does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from enrichscrapy.items import PartialDate, Performer, Profile

Years = tuple[int | None, int | None]
UUID = "{:08x}-0000-4000-8000-000000000000"


@dataclass
class Case:
    performer: Performer
    page: str | None


@dataclass
class World:
    pages: dict[str, Profile] = field(default_factory=dict)
    years: dict[str, Years] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)

    def page(
        self,
        slug: str,
        name: str,
        born: str | None = None,
        gender: str | None = "FEMALE",
        country: str | None = None,
        aliases: Sequence[str] = (),
        links: Sequence[str] = (),
        years: Years = (None, None),
    ) -> None:
        uuid = UUID.format(len(self.pages) + 1)
        self.years[slug] = years
        self.pages[slug] = Profile(
            name=name,
            url=f"https://www.iafd.com/person.rme/id={uuid}",
            aliases=tuple(aliases),
            gender=gender,
            birth_date=PartialDate.parse(born) if born else None,
            country=country,
            links={"www": tuple(links)},
            source_id=uuid,
        )

    def who(
        self,
        page: str | None,
        name: str,
        born: str | None = None,
        gender: str | None = "FEMALE",
        country: str | None = None,
        aliases: Sequence[str] = (),
        urls: Sequence[str] = (),
        career: Years = (None, None),
    ) -> None:
        performer = Performer(
            id=len(self.cases) + 1,
            canonical_name=name,
            birth_date=born,
            gender=gender,
            country=country,
            aliases=tuple(aliases),
            urls=tuple(urls),
            career_start_year=career[0],
            career_end_year=career[1],
        )
        self.cases.append(Case(performer, page))


def build_world() -> World:
    w = World()
    two_of_one_name(w)
    only_a_year(w)
    one_word(w)
    sisters(w)
    numbered(w)
    initials_and_marks(w)
    other_scripts(w)
    spellings(w)
    longer_and_shorter(w)
    aliases_that_cross(w)
    women_and_men(w)
    mothers_and_daughters(w)
    careers(w)
    accounts(w)
    surnames(w)
    first_names(w)
    placeholders(w)
    trans_people(w)
    crowds(w)
    lonely_names(w)
    pages_that_say_nothing(w)
    return w


def two_of_one_name(w: World) -> None:
    w.page("noralindqvist", "Nora Lindqvist", "1983-10-15", country="SE")
    w.page("noralindqvist2", "Nora Lindqvist", "1990-02-02", country="SE")
    w.who("noralindqvist", "Nora Lindqvist", "1983-10-15")
    w.who("noralindqvist2", "Nora Lindqvist", "1990-02-02", gender=None)
    w.who("noralindqvist2", "Nora Lindqvist", "1990", country="SE")
    w.who(None, "Nora Lindqvist")
    w.who(None, "Nora Lindqvist", "1975-05-05")
    w.who(None, "Nora Lindqvist", gender="MALE")


def only_a_year(w: World) -> None:
    w.page("elsamarno", "Elsa Marno", "1988", country="IT")
    w.page("elsamarno2", "Elsa Marno", "1988", country="IT")
    w.page("elsamarno3", "Elsa Marno", "1994-03-01", country="IT")
    w.who(None, "Elsa Marno", "1988", country="IT")
    w.who("elsamarno3", "Elsa Marno", "1994", country="IT")
    w.who("elsamarno3", "Elsa Marno", "1994-03")
    w.who(None, "Elsa Marno", "1989", country="IT")
    w.who(None, "Elsa Marno", country="IT")


def one_word(w: World) -> None:
    w.page("tuva", "Tuva", "1991-04-04", country="NO")
    w.page("tuva2", "Tuva", country="NO")
    w.page("tuvaberg", "Tuva Berg", "1991-09-09", country="NO")
    w.page("saffira", "Saffira", "1999-01-20", country="BR")
    w.who("tuva", "Tuva", "1991-04-04")
    w.who("saffira", "Saffira", "1999", country="BR")
    w.who("tuvaberg", "Tuva Berg", "1991-09-09")
    w.who(None, "Tuva")
    w.who(None, "Tuva", country="NO")
    w.who(None, "Tuva", "1986", country="NO")
    w.who(None, "Saffira")
    w.who(None, "Berg")


def sisters(w: World) -> None:
    w.page("annavesk", "Anna Vesk", "1996-06-06", country="CZ", aliases=["Vesk Twins"],
           links=["https://x.com/vesktwins"])  # fmt: skip
    w.page("adavesk", "Ada Vesk", "1999-01-02", country="CZ", aliases=["Vesk Sisters"])
    w.who("annavesk", "Anna Vesk", "1996-06-06", country="CZ")
    w.who(None, "Anja Vesk", "1996-06-06", country="CZ", aliases=["Vesk Twins"])
    w.who(None, "Hanna Vesk", "1996-06-06", country="CZ", aliases=["The Vesk Sisters"])
    w.who(None, "Ida Vesk", "1999-01-02", country="CZ", aliases=["Vesk Sisters"])
    w.who(None, "Alma Vesk", "1999", country="CZ")


def numbered(w: World) -> None:
    w.page("mirasol", "Mira Sol", "1985-07-01", country="ES")
    w.page("mirasol2", "Mira Sol (II)", "1997-12-12", country="ES", aliases=["Mira Sol"])
    w.page("mirasol3", "Mira Sol 3", country="ES")
    w.who("mirasol2", "Mira Sol", "1997-12-12")
    w.who("mirasol", "Mira Sol", "1985-07-01", aliases=["Mira Sol 2"])
    w.who("mirasol2", "Mira Sol 2", "1997")
    w.who(None, "Mira Sol", "2001-01-20")
    w.who(None, "Mira Sol 4", country="ES")
    w.who(None, "Mira Sol", "1997")


def initials_and_marks(w: World) -> None:
    w.page("vdorm", "V.D. Orm", "1979-08-30", country="DK")
    w.page("vdorm2", "V. Orm", "1979-03-30", country="DK")
    w.page("zoedarc", "Zoë D'Arc", "1992-11-11", country="FR")
    w.page("zoearc", "Zoe Arc", "1992-01-11", country="FR")
    w.page("marylouholt", "Mary-Lou Holt", "1987-02-14", country="US")
    w.who("vdorm", "VD Orm", "1979-08-30")
    w.who("zoedarc", "Zoe D’Arc", "1992-11-11")
    w.who("zoedarc", "Zoe DArc", "1992", country="FR")
    w.who("marylouholt", "Mary Lou Holt", "1987-02-14")
    w.who("marylouholt", "Marylou Holt", "1987", country="US")
    w.who(None, "D. Orm", "1979", country="DK")
    w.who(None, "Mary Holt", country="US")
    w.who(None, "Lou Holt", "1987-02-14", gender="MALE")


def other_scripts(w: World) -> None:
    w.page("hanaaoi", "葵 花", "1994-05-05", country="JP", aliases=["Hana Aoi"])
    w.page("hanakaoru", "薫 花", "1994-05-05", country="JP", aliases=["Hana Kaoru"])
    w.page("annavesna", "Анна Весна", "1990-09-01", country="RU")
    w.who("hanaaoi", "葵 花", "1994-05-05")
    w.who("hanaaoi", "Aoi Hana", "1994", country="JP")
    w.who("annavesna", "АННА ВЕСНА", "1990-09-01")
    w.who(None, "葵 葉", "1994-05-05", country="JP")
    w.who(None, "花", country="JP")
    w.who(None, "Анна Зима", "1990-09-01", country="RU")


def spellings(w: World) -> None:
    w.page("kseniaber", "Ksenia Ber", "1993-03-03", country="RU")
    w.page("kseniabern", "Ksenia Bern", "1993-03-09", country="RU")
    w.page("sofiaklein", "Sofia Klein", "1986-06-16", country="DE")
    w.who("kseniaber", "Xenia Ber", "1993-03-03")
    w.who("sofiaklein", "Sophia Klein", "1986-06-16", country="DE")
    w.who(None, "Xenia Berg", "1993", country="RU")
    w.who(None, "Sophie Klein", "1986-06-06", country="DE")
    w.who(None, "Sofia Klain", country="DE")


def longer_and_shorter(w: World) -> None:
    w.page("lenamarieholm", "Lena Marie Holm", "1989-09-19", country="FI")
    w.page("lenaholm", "Lena Holm", "1995-05-25", country="FI")
    w.who("lenamarieholm", "Lena Marie Holm")
    w.who("lenaholm", "Lena Holm", "1995-05-25")
    w.who(None, "Marie Holm", "1989", country="FI")
    w.who(None, "Lena Marie", "1995-05-05")
    w.who(None, "Lena Sofie Holm", country="FI")


def aliases_that_cross(w: World) -> None:
    w.page("elinstrand", "Elin Strand", "1984-04-14", country="SE", aliases=["Jenny Rosewood"])
    w.page("gretafalk", "Greta Falk", "1991-01-31", country="SE", aliases=["Jenny Rosewood"])
    w.page("tovealm", "Tove Alm", "1998-08-18", country="SE", aliases=["Siv Alm", "Maj Ek"])
    w.who("gretafalk", "Jenny Rosewood", "1991-01-31")
    w.who("elinstrand", "Jenny Rosewood", "1984", country="SE")
    w.who("tovealm", "Siv Alm", country="SE", aliases=["Maj Ek"])
    w.who(None, "Jenny Rosewood", country="SE")
    w.who(None, "Ida Norr", "1975-01-31", aliases=["Jenny Rosewood"])
    w.who(None, "Jenny Falk", aliases=["Rosewood"])


def women_and_men(w: World) -> None:
    w.page("kimharlow", "Kim Harlow", "1980-10-10", gender="MALE", country="GB")
    w.page("kimharlow2", "Kim Harlow", "1992-12-01", gender="FEMALE", country="GB")
    w.who("kimharlow", "Kim Harlow", gender="MALE", country="GB")
    w.who("kimharlow2", "Kim Harlow", gender="female")
    w.who(None, "Kim Harlow", gender=None)
    w.who(None, "Kim Harlow", "1980-10-10", gender="FEMALE")


def mothers_and_daughters(w: World) -> None:
    w.page("ritacavallo", "Rita Cavallo", "1961-02-21", country="IT", years=(1982, 1991))
    w.who("ritacavallo", "Rita Cavallo", "1961-02-21", career=(1982, 1990))
    w.who(None, "Rita Cavallo", "1995-02-21", country="IT")
    w.who(None, "Rita Cavallo", "1991", career=(2012, 2019))


def careers(w: World) -> None:
    w.page("petraolsen", "Petra Olsen", country="DK", years=(1974, 1981))
    w.page("petraolsen2", "Petra Olsen", country="DK", years=(2011, 2016))
    w.page("dinarossi", "Dina Rossi", "1999-09-09", years=(2019, None))
    w.who(None, "Petra Olsen", country="DK")
    w.who(None, "Dina Rossi", career=(2004, 2008))


def accounts(w: World) -> None:
    w.page("lucyvane", "Lucy Vane", country="US", links=["https://www.instagram.com/lucy.vane/"])
    w.page("lucyvane2", "Lucy Vane", country="US", links=["https://onlyfans.com/lucyvane2"])
    w.page("junomarsh", "Juno Marsh", links=["https://agency.example/"])
    w.page("junomarsh2", "Juno Marsh", links=["https://agency.example/"])
    w.who("lucyvane", "Lucy Vane", urls=["http://instagram.com/Lucy.Vane"])
    w.who("lucyvane2", "Lucy Vane", urls=["https://onlyfans.com/lucyvane2?ref=1"])
    w.who(None, "Lucy Vane", urls=["https://www.instagram.com/"], country="US")
    w.who(None, "Juno Marsh", urls=["https://agency.example/"])
    w.who(None, "Lucy Vane", urls=["https://x.com/lucyvane"])


def surnames(w: World) -> None:
    w.page("claraboone", "Clara Boone", "1990-01-09", country="US")
    w.page("carlaboone", "Carla Boone", "1990-10-09", country="US")
    w.who("claraboone", "Clara Boone", "1990-01-09")
    w.who("carlaboone", "Carla Boone", "1990", country="US")
    w.who(None, "Clare Boone", "1990", country="US")
    w.who(None, "Clara Boon", country="US")
    w.who(None, "Boone Carter", country="US")


def first_names(w: World) -> None:
    w.page("alicemoor", "Alice Moor", "1985-05-15", country="GB")
    w.page("alicemoore", "Alice Moore", "1985-05-25", country="GB")
    w.who("alicemoore", "Alice Moore", "1985-05-25")
    w.who(None, "Alice More", "1985", country="GB")
    w.who(None, "Alyce Moor", country="GB")
    w.who(None, "Alice", "1985-05-15", country="US", gender="MALE")


def placeholders(w: World) -> None:
    w.page("vivsand", "Viv Sand", "1993-01-01", country="AU")
    w.page("vivsand2", "Viv Sand", "1993-01-01", country="AU")
    w.who(None, "Viv Sand", "1993-01-01", country="AU")
    w.who(None, "Viv Sand", "1994-01-01", country="AU")


def trans_people(w: World) -> None:
    w.page("junosallow", "Juno Sallow", gender="TRANSGENDER_FEMALE", country="CA")
    w.page("junosallow2", "Juno Sallow", gender="MALE", country="CA")
    w.who("junosallow", "Juno Sallow", gender="TRANSGENDER_FEMALE", country="CA")
    w.who("junosallow2", "Juno Sallow", gender="MALE")
    w.who(None, "Juno Sallow", gender="NON_BINARY", country="CA")


def crowds(w: World) -> None:
    for number in range(7):
        w.page(f"lolastar{number or ''}", "Lola Star", f"{1980 + number}-05-05", country="US")
    w.who("lolastar", "Lola Star", "1980-05-05")
    w.who(None, "Lola Star", country="US")
    w.who(None, "Lola Starr", country="US")
    w.who(None, "Lola", country="US")


def lonely_names(w: World) -> None:
    w.page("isoldekrantz", "Isolde Krantz", country="AT")
    w.who("isoldekrantz", "Isolde Krantz", country="AT")
    w.who(None, "Isolde Kranich", country="AT")
    w.who(None, "Isold Krantz", "1990", country="AT")
    w.who(None, "Krantz", country="AT")
    w.who(None, "Tristan Krantz", gender="MALE", country="AT")


def pages_that_say_nothing(w: World) -> None:
    w.page("majadunes", "Maja Dunes")
    w.page("majadunes2", "Maja Dunes", "1990-07-07", country="SI")
    w.who("majadunes2", "Maja Dunes", "1990", country="SI")
    w.who(None, "Maja Dunes")
    w.who(None, "Maja Dune", country="SI")
