import json
from copy import copy
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichscrapy.identity.compare import Agreement, compare_countries
from enrichscrapy.identity.decide import choose, identify, make_name_key, rank_search_results
from enrichscrapy.items import Identity, PartialDate, Performer, Profile
from enrichscrapy.sites import SearchResult

CONFIRMED, UNCORROBORATED, MISMATCH = (
    Identity.CONFIRMED,
    Identity.UNCORROBORATED,
    Identity.MISMATCH,
)
HERE = "https://www.babepedia.com/babe/Nora_Vesterlund"
LEVEL = {MISMATCH: 0, UNCORROBORATED: 1, CONFIRMED: 2}


def performer(name="Nora Vesterlund", **more) -> Performer:
    return Performer(id=1, canonical_name=name, **more)


def page(name="Nora Vesterlund", born=None, died=None, **more) -> Profile:
    dates = {
        key: PartialDate.parse(text)
        for key, text in (("birth_date", born), ("death_date", died))
        if text
    }
    return Profile(name=name, url=more.pop("url", HERE), **dates, **more)


def by_link(ours, theirs):
    return identify(ours, theirs, by_link=True).identity


def by_name(ours, theirs, rivals=0):
    return identify(ours, theirs, by_link=False, rivals=rivals).identity


# --- By link: strong evidence, not blind trust ---------------------------------------------------
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (performer(), page(), CONFIRMED),
        (performer("Tuva"), page("Tuva"), CONFIRMED),
        (performer("NORA VESTERLUND"), page("Vesterlund, Nora"), CONFIRMED),
        (performer(aliases=("Nora Holt",)), page("Nora Holt"), CONFIRMED),
        (performer(), page("Elin Strand", aliases=("Nora Vesterlund",)), CONFIRMED),
        # The link leads to somebody else.
        (performer(), page("Greta Falk"), MISMATCH),
        (performer(), page("Nora Falk"), MISMATCH),
        (performer(), page("Greta Falk", country="SE"), MISMATCH),
        (performer(country="SE"), page("Nora Falk", country="SE"), MISMATCH),
        (performer(aliases=("Kim",)), page("Greta Falk", aliases=("Kim",)), MISMATCH),
        # The same name and a contradiction: a namesake.
        (performer(birth_date="1983-10-15"), page(born="1991"), MISMATCH),
        (performer(birth_date="1983"), page(born="1991-03-03"), MISMATCH),
        (performer(gender="FEMALE"), page(gender="MALE"), MISMATCH),
        (performer(death_date="1999-01-05"), page(died="2011-11-22"), MISMATCH),
        # Records of one person often differ by so much.
        (performer(birth_date="1983-10-15"), page(born="1984-10-15"), UNCORROBORATED),
        (performer(birth_date="1983-10-15"), page(born="1983-10-16"), UNCORROBORATED),
        (performer(birth_date="1983-10-15"), page(born="1988-10-15"), UNCORROBORATED),
        (performer(gender="TRANSGENDER_FEMALE"), page(gender="MALE"), UNCORROBORATED),
        (performer(career_start_year=2005), page(born="1992"), UNCORROBORATED),
        # Names that are only alike need something more.
        (performer("Nora"), page("Nora Vesterlund"), UNCORROBORATED),
        (performer("Nora Vesterlund"), page("Nora Vesterlunt"), UNCORROBORATED),
        (performer("Nora Maj Vesterlund"), page("Nora Vesterlund"), UNCORROBORATED),
        (performer("Nora Vesterlund"), page("Nora Vesterlund 2"), UNCORROBORATED),
        (performer("Nora Vesterlund", country="SE"), page("Mora Vesterlund", country="SE"),
         MISMATCH),  # perhaps sisters
        (performer("Nora Vesterlund", birth_date="1983"), page("Mora Vesterlund", born="1983-10"),
         MISMATCH),
        (performer("Nora", birth_date="1983-10-15"), page("Nora Vesterlund", born="1983-10-15"),
         CONFIRMED),
        (performer("Nora Holt", birth_date="1983", country="SE"),
         page("Nora Falk", born="1983", country="SE"), UNCORROBORATED),
        # Renamed, and still the same person by what else they say.
        (performer(birth_date="1983-10-15"), page("Greta Falk", born="1983-10-15"),
         UNCORROBORATED),
        (performer(urls=("http://twitter.com/NoraV",)),
         page("Greta Falk", links={"x": ("https://x.com/norav/",)}), CONFIRMED),
        # Another script cannot be compared.
        (performer("葵 花"), page("Aoi Hana"), UNCORROBORATED),
        (performer("葵 花", birth_date="1990-05-05"), page("Aoi Hana", born="1990-05-05"),
         CONFIRMED),
        (performer("葵 花"), page("薫 花"), MISMATCH),
        (performer("葵 花", aliases=("Hana Aoi",)), page("Aoi Hana"), CONFIRMED),
        (performer("Анна Весна"), page("АННА ВЕСНА"), CONFIRMED),
        (performer("Анна Весна"), page("Яна Зимина"), MISMATCH),
    ],
)  # fmt: skip
def test_by_link(ours, theirs, expected):
    assert by_link(ours, theirs) is expected


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (performer("Nora Vesterlund"), page("Nora Vesterlund"), CONFIRMED),
        (performer("Nora"), page("Nora Vesterlund"), MISMATCH),
        (performer("Nora", birth_date="1983"), page("Nora Vesterlund", born="1983"), CONFIRMED),
        (performer("Nora V"), page("Nora Vesterlund", aliases=("Nora V",)), UNCORROBORATED),
        (performer("Kim"), page("Nora Vesterlund", aliases=("Kim",)), MISMATCH),
    ],
)
def test_a_link_that_was_turned_round_is_trusted_less(ours, theirs, expected):
    ours = Performer(**{**vars(ours), "urls": ("https://www.babepedia.com/babe/Nora",)})
    assert by_link(ours, theirs) is expected


def test_a_link_and_an_account_outweigh_a_birth_date_but_not_a_gender():
    ours = performer(birth_date="1983", gender="FEMALE", urls=("https://x.com/norav",))
    account = {"x": ("https://x.com/NoraV",)}
    assert by_link(ours, page(born="1990", links=account)) is UNCORROBORATED
    assert by_link(ours, page(born="1983", gender="MALE", links=account)) is MISMATCH


# --- By name: one shared word is never enough ----------------------------------------------------
@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (performer(), page(), UNCORROBORATED),
        (performer("Nóra Véster-Lund"), page("Nora Vester Lund"), UNCORROBORATED),
        (performer("Nora Vester-Lund"), page("Nora Vesterlund"), UNCORROBORATED),
        (performer("Nora D'Orm"), page("Nora DOrm"), UNCORROBORATED),
        (performer("N.V. Orm"), page("N. V. Orm"), UNCORROBORATED),
        (performer("NV Orm"), page("N.V. Orm"), UNCORROBORATED),
        (performer("Анна Весна"), page("анна весна"), UNCORROBORATED),
        (performer("葵 花"), page("葵 花"), UNCORROBORATED),
        (performer(aliases=("Nora Holt",)), page("Nora Holt"), UNCORROBORATED),
        (performer(), page("Elin Strand", aliases=("Nora Vesterlund",)), UNCORROBORATED),
        # Corroborated.
        (performer(birth_date="1983-10-15"), page(born="1983-10-15"), CONFIRMED),
        (performer(birth_date="1983-10"), page(born="1983-10-15"), CONFIRMED),
        (performer(birth_date="1983", country="SE"), page(born="1983-10", country="SE"), CONFIRMED),
        (performer(birth_date="1983", country="Sweden"), page(born="1983", country="SE"),
         CONFIRMED),
        (performer(aliases=("Elin Strand",), country="SE"),
         page(aliases=("Elin Strand",), country="SE"), CONFIRMED),
        (performer(urls=("https://instagram.com/nora",)),
         page(links={"instagram": ("http://www.instagram.com/Nora/?hl=en",)}), CONFIRMED),
        (performer(urls=("https://iafd.com/person.rme/perfid=norav/gender=f/x.htm",)),
         page(links={"www": ("http://www.iafd.com/person.rme/perfid=norav/Nora.htm",)}), CONFIRMED),
        (performer(urls=(HERE,)), page(), CONFIRMED),
        # Only the year.
        (performer(birth_date="1983"), page(born="1983-10-15"), UNCORROBORATED),
        # "Some day of 1983" is no birthday.
        (performer(birth_date="1983-01-01"), page(born="1983-10-15"), UNCORROBORATED),
        (performer(birth_date="1983-01-01"), page(born="1983-01-01"), UNCORROBORATED),
        (performer(birth_date="1983-00-00"), page(born="1983-10-15"), UNCORROBORATED),
        # Another country: possible, if only something else speaks for it.
        (performer(country="US"), page(country="SE"), MISMATCH),
        (performer(country="US", birth_date="1983"), page(country="SE", born="1983"),
         UNCORROBORATED),
        # Contradicted, be it by a little.
        (performer(birth_date="1983"), page(born="1984"), MISMATCH),
        (performer(birth_date="1983-10-15"), page(born="1983-10-16"), MISMATCH),
        (performer(birth_date="1983-10-15"), page(born="1984-10-15"), MISMATCH),
        (performer(gender="FEMALE"), page(gender="MALE"), MISMATCH),
        (performer(gender="female"), page(gender="MALE"), MISMATCH),
        (performer(gender="TRANSGENDER_FEMALE"), page(gender="MALE"), MISMATCH),
        (performer(gender="TRANSGENDER_FEMALE"), page(gender="FEMALE"), UNCORROBORATED),
        (performer(gender="NON_BINARY"), page(gender="MALE"), UNCORROBORATED),
        (performer(gender=""), page(gender="MALE"), UNCORROBORATED),
        (performer(career_start_year=1999), page(born="1990"), MISMATCH),
        # One word.
        (performer("Tuva"), page("Tuva"), MISMATCH),
        (performer("Tuva", birth_date="1991"), page("Tuva", born="1991"), MISMATCH),
        (performer("Tuva", country="SE"), page("Tuva", country="SE"), MISMATCH),
        (performer("Tuva", birth_date="1991", country="SE"),
         page("Tuva", born="1991", country="SE"), MISMATCH),
        (performer("Tuva", birth_date="1991-04-04"), page("Tuva", born="1991-04-04"), CONFIRMED),
        (performer("Tuva"), page("Tuva Berg"), MISMATCH),
        (performer("Nora Holt"), page("Nora Falk"), MISMATCH),
        (performer("Nora Holt", birth_date="1983-10-15"), page("Nora Falk", born="1983-10-15"),
         MISMATCH),
        # A site's number on namesakes.
        (performer("Tuva Berg"), page("Tuva Berg 2"), MISMATCH),
        (performer("Tuva Berg"), page("Tuva Berg (II)", aliases=("Tuva Berg",)), MISMATCH),
        (performer("Anna_2"), page("Anna"), MISMATCH),
        (performer("Tuva Berg", birth_date="1991-04-04"), page("Tuva Berg_2", born="1991-04-04"),
         CONFIRMED),
        # Alike: only with proof.
        (performer("Kseniya Ber"), page("Xenia Ber"), MISMATCH),
        (performer("Kseniya Ber", birth_date="1991", country="RU"),
         page("Xenia Ber", born="1991", country="RU"), MISMATCH),
        (performer("Kseniya Ber", birth_date="1991-04-04"), page("Xenia Ber", born="1991-04-04"),
         CONFIRMED),
        (performer("Nora Maj Berg", birth_date="1991-04-04"), page("Nora Berg", born="1991-04-04"),
         CONFIRMED),
        # Sisters: alike, of one birthday, and with a name for the two of them.
        (performer("Anna Vesk", birth_date="1991-04-04", country="CZ", aliases=("Vesk Twins",)),
         page("Anja Vesk", born="1991-04-04", country="CZ", aliases=("Vesk Twins",)), MISMATCH),
        # Aliases in common.
        (performer("Elin Strand", aliases=("Nora Holt",)),
         page("Greta Falk", aliases=("Nora Holt",)), MISMATCH),
        (performer("Elin Strand", aliases=("Nora Holt",), birth_date="1991-04-04"),
         page("Greta Falk", aliases=("Nora Holt",), born="1991-04-04"), UNCORROBORATED),
        (performer("Elin Strand", aliases=("Amateur", "Jane Doe")),
         page("Greta Falk", aliases=("Amateur", "Jane Doe")), MISMATCH),
        # Nothing to compare.
        (performer("???"), page("!!!"), MISMATCH),
        (performer(""), page(""), MISMATCH),
    ],
)  # fmt: skip
def test_by_name(ours, theirs, expected):
    assert by_name(ours, theirs) is expected


def test_several_pages_that_fit_need_proof():
    vague = performer(birth_date="1983", country="SE"), page(born="1983", country="SE")
    assert by_name(*vague, rivals=1) is MISMATCH
    exact = performer(birth_date="1983-10-15"), page(born="1983-10-15")
    assert by_name(*exact, rivals=1) is CONFIRMED


def test_support_alone_does_not_stop_the_search_for_namesakes():
    ours, theirs = performer(birth_date="1983", country="SE"), page(born="1983", country="SE")
    assert identify(ours, theirs, by_link=False).identity is UNCORROBORATED


def test_another_stored_page_of_the_site_makes_the_same_name_suspect():
    elsewhere = performer(urls=("https://www.babepedia.com/babe/Nora_Vesterlund_2",))
    assert by_name(elsewhere, page()) is MISMATCH
    # IAFD's two kinds of ids say nothing of each other.
    older = performer(urls=("https://www.iafd.com/person.rme/perfid=nora/gender=f/n.htm",))
    new = page(url="https://www.iafd.com/person.rme/id=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0")
    assert by_name(older, new) is UNCORROBORATED


@pytest.mark.parametrize(
    "link",
    [
        "https://www.instagram.com/",
        "https://x.com/search?q=nora",
        "https://twitter.com/home",
        "https://agency.example/",
        "https://agency.example/girls",
    ],
)
def test_a_link_to_nobody_in_particular_is_no_proof(link):
    assert by_name(performer(urls=(link,)), page(links={"any": (link,)})) is UNCORROBORATED


def test_a_site_of_ones_own_is_proof():
    own = "https://www.nora-vesterlund.example/"
    assert by_name(performer(urls=("http://nora-vesterlund.example",)), page(links={"www": (own,)})
                   ) is CONFIRMED  # fmt: skip


def test_the_evidence_can_be_stored_and_read():
    ours = performer(
        birth_date="1983", gender="FEMALE", country="US", urls=("https://x.com/norav",)
    )
    theirs = page(born="1991", gender="FEMALE", country="SE", links={"x": ("https://x.com/norav",)})
    decision = identify(ours, theirs, by_link=True)
    evidence = json.loads(json.dumps(decision.evidence))
    assert evidence["birth date"] == {"ours": "1983", "theirs": "1991", "verdict": "contradicts"}
    assert evidence["name"]["relation"] == "same name"
    assert evidence["links"] == ["x:norav"]
    assert evidence["contradictions"] == ["birth date"]
    assert "Nora" not in decision.reason  # reasons are logged, names are not


# --- Of several pages ----------------------------------------------------------------------------
def decisions(ours, *pages):
    return [identify(ours, each, by_link=False) for each in pages]


def test_choose_takes_the_page_that_stands_out():
    ours = performer(birth_date="1983", country="SE")
    right, blank = page(born="1983", country="SE"), page()
    compatriot, namesake = page(country="SE"), page(born="1975")
    assert choose(decisions(ours, blank, right)) == 1
    assert choose(decisions(ours, compatriot, right, namesake)) == 1
    assert choose(decisions(ours, namesake, blank)) == 1
    assert choose(decisions(ours, right, right)) is None
    assert choose(decisions(ours, blank, compatriot)) is None
    assert choose(decisions(ours, namesake)) is None
    foreigner = page(born="1983", country="US")
    assert choose(decisions(ours, foreigner, right)) == 1
    assert choose([]) is None


def test_choose_prefers_proof():
    ours = performer(birth_date="1983-10-15", country="SE")
    assert choose(decisions(ours, page(country="SE"), page(born="1983-10-15"))) == 1


# --- Search results ------------------------------------------------------------------------------
def result(name, slug="x", **more) -> SearchResult:
    return SearchResult(name=name, url=f"https://www.babepedia.com/babe/{slug}", **more)


def test_search_results_are_ranked_by_their_names():
    same, alias = result("nora vesterlund"), result("Elin Strand", aliases=("Nora Vesterlund",))
    numbered, word = result("Nora Vesterlund 2"), result("Nora Falk")
    ours = performer(birth_date="1983-10-15")
    assert rank_search_results(ours, [word, numbered, alias, same]) == [same, alias, numbered] or (
        rank_search_results(ours, [word, numbered, alias, same]) == [same, numbered, alias]
    )


def test_what_could_not_be_proved_is_not_looked_at():
    numbered, longer = result("Nora Vesterlund 2"), result("Nora Maj Vesterlund")
    assert rank_search_results(performer(), [numbered, longer]) == []
    assert rank_search_results(performer(birth_date="1983"), [longer]) == []
    assert rank_search_results(performer(birth_date="1983-10-15"), [longer]) == [longer]


def test_gender_and_career_rule_results_out():
    man, woman = (
        result("Nora Vesterlund", gender="MALE"),
        result("Nora Vesterlund", gender="FEMALE"),
    )
    unknown = result("Nora Vesterlund")
    ours = performer(gender="FEMALE", career_start_year=2010, career_end_year=2015)
    assert rank_search_results(ours, [man, unknown, woman]) == [woman, unknown]
    early = result("Nora Vesterlund", years=(1975, 1982))
    late = result("Nora Vesterlund", years=(2024, None))
    close = result("Nora Vesterlund", years=(2016, 2018))
    assert rank_search_results(ours, [early, late, close]) == [close]


def test_the_stored_page_is_always_looked_at():
    renamed = result("Greta Falk", slug="Greta_Falk")
    ours = performer(urls=("http://babepedia.com/babe/Greta_Falk/",))
    assert rank_search_results(ours, [result("Ida Norr"), renamed]) == [renamed]


# --- Properties ----------------------------------------------------------------------------------
NAMES = st.sampled_from(
    [
        "Nora Vesterlund",
        "nora vesterlund",
        "Nora",
        "Nora Falk",
        "Nora Vesterlund 2",
        "Норa",
        "葵 花",
    ]
) | st.text(max_size=12)
ALIASES = st.lists(NAMES, max_size=3).map(tuple)
DATES = st.sampled_from([None, "1983", "1983-10", "1983-10-15", "1984-10-15", "1991-03-03"])
GENDERS = st.sampled_from([None, "", "FEMALE", "male", "TRANSGENDER_FEMALE", "NON_BINARY", "?"])
COUNTRIES = st.sampled_from([None, "SE", "Sweden", "US", "nowhere"])
LINKS = st.lists(
    st.sampled_from(["https://x.com/norav", "https://agency.example/", HERE, "junk", "http://[x"]),
    max_size=2,
).map(tuple)
PERFORMERS = st.builds(
    lambda name, aliases, born, gender, country, urls: Performer(
        id=1,
        canonical_name=name,
        aliases=aliases,
        birth_date=born,
        gender=gender,
        country=country,
        urls=urls,
    ),
    NAMES, ALIASES, DATES, GENDERS, COUNTRIES, LINKS,
)  # fmt: skip
PROFILES = st.builds(
    lambda name, aliases, born, gender, country, links: page(
        name, born, aliases=aliases, gender=gender, country=country, links={"www": links}
    ),
    NAMES, ALIASES, DATES, GENDERS, COUNTRIES, LINKS,
)  # fmt: skip
RIVALS = st.sampled_from([None, 0, 1, 2])


@given(PERFORMERS, PROFILES, st.booleans(), RIVALS)
@settings(max_examples=300)
def test_any_two_records_can_be_compared(ours, theirs, linked, rivals):
    decision = identify(ours, theirs, by_link=linked, rivals=rivals)
    json.dumps(decision.evidence)
    assert decision.reason


@given(PERFORMERS, PROFILES, RIVALS)
@settings(max_examples=200)
def test_names_are_compared_the_same_both_ways(ours, theirs, rivals):
    there = identify(ours, theirs, by_link=False, rivals=rivals).evidence["name"]
    swapped = identify(
        Performer(id=2, canonical_name=theirs.name, aliases=theirs.aliases),
        Profile(name=ours.canonical_name, url=HERE, aliases=ours.aliases),
        by_link=False,
        rivals=rivals,
    ).evidence["name"]
    assert there["relation"] == swapped["relation"]


@given(PERFORMERS, PROFILES, st.booleans(), RIVALS, st.sampled_from(["birth", "gender", "death"]))
@settings(max_examples=300)
def test_a_contradiction_never_raises_the_level(ours, theirs, linked, rivals, what):
    fields = {
        "birth": ({"birth_date": "1950-05-05"}, {"birth_date": PartialDate(1999, 9, 9)}),
        "gender": ({"gender": "FEMALE"}, {"gender": "MALE"}),
        "death": ({"death_date": "1990"}, {"death_date": PartialDate(2015)}),
    }
    mine, its = fields[what]
    before = identify(ours, theirs, by_link=linked, rivals=rivals).identity
    after = identify(
        Performer(**{**vars(ours), **mine}),
        Profile(**{**vars(theirs), **its}),
        by_link=linked,
        rivals=rivals,
    ).identity
    assert LEVEL[after] <= LEVEL[before]


@given(PERFORMERS, PROFILES)
@settings(max_examples=200)
def test_a_rival_never_raises_the_level(ours, theirs):
    levels = [LEVEL[by_name(ours, theirs, rivals=rivals)] for rivals in (0, 1, 2)]
    assert levels == sorted(levels, reverse=True)


# Of two letters at least: initials that stand side by side are one word.
WORDS = st.lists(st.text("abcdeéøñж葵", min_size=2, max_size=6), min_size=1, max_size=4)


@given(WORDS, st.randoms(use_true_random=False))
def test_name_key_knows_no_order(words, random):
    shuffled = random.sample(words, len(words))
    assert make_name_key(" ".join(words)) == make_name_key(", ".join(shuffled)) != ""


@pytest.mark.parametrize(
    ("ours", "theirs", "agreement"),
    [
        ("PR", ("US", "PR"), Agreement.AGREES),
        ("American, Puerto Rican", ("PR",), Agreement.AGREES),
        ("SE", ("US", "PR"), Agreement.SLIP),
        ("SE", (), Agreement.UNKNOWN),
        (None, ("US",), Agreement.UNKNOWN),
        ("Martian", "SE", Agreement.UNKNOWN),
    ],
)
def test_of_several_nationalities_one_in_common_is_enough(ours, theirs, agreement):
    assert compare_countries(ours, theirs) is agreement


def test_a_page_in_another_database_that_both_name_is_a_link_in_common():
    egafd = "https://www.egafd.com/actresses/details.php/id/v00001"
    theirs = page(links={"egafd": (egafd.replace("https", "http"),)})
    assert identify(performer(urls=(egafd,)), theirs, by_link=False).identity is CONFIRMED


def test_what_is_kept_of_a_page_is_no_other_pages():
    """Asked by turns, and about an equal performer that was changed: each time what is right."""
    people = [performer(), performer(birth_date="1962-11-30"), performer(birth_date="1981-01-02")]
    pages = [page(), page("Zora Quist"), page(born="1962-11-30")]

    def ask(ours, theirs, rivals):
        return identify(ours, theirs, by_link=False, rivals=rivals)

    questions = list(product(people, pages, (None, 0, 2)))
    fresh = [ask(copy(ours), copy(theirs), rivals) for ours, theirs, rivals in questions]
    assert [ask(*question) for question in questions] == fresh
    assert len({each.reason for each in fresh}) > 2
