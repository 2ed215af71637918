import pickle
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.items import Identity, Outcome, Performer, Profile, ReferenceSiteMode
from enrichscrapy.lookups.plan import (
    PageReport,
    Plan,
    Step,
    StepKind,
    conclude,
    plan_by_link,
    plan_by_name,
)
from enrichscrapy.sites import babepedia

HOME = "https://www.babepedia.com/babe/"


def page(slug: str, name: str = "") -> Step:
    return Step(StepKind.PAGE, HOME + slug, name)


def search(name: str) -> Step:
    return Step(StepKind.SEARCH, f"https://www.babepedia.com/search/{name}", name)


def by_name(*steps: Step, pages_left: int = 4) -> Plan:
    return Plan(1, ReferenceSiteMode.NAME_LOOKUP, list(steps), pages_left)


def report(step: Step, outcome: Outcome, identity: Identity | None = None, detail: str = ""):
    profile = Profile(name="Ada Demo", url=step.url) if identity else None
    return PageReport(
        step.url,
        outcome,
        detail,
        200,
        name=step.text,
        identity=identity,
        profile=profile,
        evidence={"supports": []},
    )


def drive(plan: Plan, answers: dict[str, PageReport], found: dict[str, list[str]] | None = None):
    """Walk a plan to its end; returns the URLs in the order they were asked for."""
    asked = []
    while (step := plan.take_step()) is not None:
        asked.append(step.url)
        if step.kind is StepKind.SEARCH:
            plan.add_candidates((found or {}).get(step.text, []))
        else:
            plan.reports.append(answers.get(step.url, report(step, Outcome.ABSENT)))
    return asked


def test_links_are_tried_in_order_until_one_is_the_performers():
    plan = plan_by_link(1, [HOME + "a", HOME + "b", HOME + "c"])
    answers = {HOME + "b": report(page("b"), Outcome.FOUND, Identity.UNCORROBORATED)}
    assert drive(plan, answers) == [HOME + "a", HOME + "b"]
    assert conclude(plan).outcome is Outcome.FOUND


def test_a_link_that_failed_keeps_the_lookup_from_being_absent():
    plan = plan_by_link(1, [HOME + "a", HOME + "b"])
    answers = {HOME + "a": report(page("a"), Outcome.FAILED, detail="http 500")}
    drive(plan, answers)
    conclusion = conclude(plan)
    assert (conclusion.outcome, conclusion.detail) == (Outcome.FAILED, "http 500")


def test_absent_only_when_all_are():
    plan = plan_by_link(1, [HOME + "a", HOME + "b"])
    drive(plan, {})
    assert conclude(plan).outcome is Outcome.ABSENT


def test_a_confirmed_page_ends_a_name_lookup_at_once():
    plan = by_name(page("Ada", "Ada"), search("Ada"), page("Alias", "Alias"), search("Alias"))
    answers = {HOME + "Ada": report(page("Ada", "Ada"), Outcome.FOUND, Identity.CONFIRMED)}
    assert drive(plan, answers) == [HOME + "Ada"]


def test_an_uncorroborated_page_asks_the_search_for_namesakes_and_the_other_names():
    plan = by_name(
        page("Ada", "Ada"), page("Ada_", "Ada"), search("Ada"), page("Alias", "Alias"),
        search("Alias"),
    )  # fmt: skip
    answers = {HOME + "Ada": report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED)}
    asked = drive(plan, answers, {"Ada": [HOME + "Ada"]})
    assert asked == [HOME + "Ada", search("Ada").url, HOME + "Alias", search("Alias").url]
    assert conclude(plan).outcome is Outcome.FOUND


def test_proof_on_an_aliass_page_beats_a_fit_by_name_alone():
    plan = by_name(page("Ada", "Ada"), search("Ada"), page("Alias", "Alias"), search("Alias"))
    answers = {
        HOME + "Ada": report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED),
        HOME + "Alias": report(page("Alias", "Alias"), Outcome.FOUND, Identity.CONFIRMED),
    }
    drive(plan, answers)
    conclusion = conclude(plan)
    assert conclusion.outcome is Outcome.FOUND
    assert conclusion.page is not None
    assert conclusion.page.url == HOME + "Alias"


def test_a_guess_there_was_no_room_for_leaves_nothing_open():
    plan = by_name(page("Ada", "Ada"), search("Ada"), page("Alias", "Alias"), pages_left=1)
    answers = {HOME + "Ada": report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED)}
    drive(plan, answers)
    assert conclude(plan).outcome is Outcome.FOUND


def test_two_pages_that_fit_equally_are_nobodys():
    plan = by_name(page("Ada", "Ada"), search("Ada"))
    answers = {
        HOME + "Ada": report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED),
        HOME + "Ada_2": report(page("Ada_2"), Outcome.FOUND, Identity.UNCORROBORATED),
    }
    drive(plan, answers, {"Ada": [HOME + "Ada", HOME + "Ada_2"]})
    conclusion = conclude(plan)
    assert (conclusion.outcome, conclusion.detail) == (Outcome.MISMATCH, "ambiguous")


def test_a_confirmed_namesake_beats_an_uncorroborated_first_hit():
    plan = by_name(page("Ada", "Ada"), search("Ada"))
    answers = {
        HOME + "Ada": report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED),
        HOME + "Ada_2": report(page("Ada_2"), Outcome.FOUND, Identity.CONFIRMED),
    }
    drive(plan, answers, {"Ada": [HOME + "Ada", HOME + "Ada_2"]})
    conclusion = conclude(plan)
    assert conclusion.outcome is Outcome.FOUND
    assert conclusion.page is not None
    assert conclusion.page.url == HOME + "Ada_2"


def test_a_candidate_that_failed_is_seen_before_another_is_taken():
    plan = by_name(page("Ada", "Ada"), search("Ada"))
    answers = {
        HOME + "Ada": report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED),
        HOME + "Ada_2": report(page("Ada_2"), Outcome.FAILED, detail="http 503"),
    }
    drive(plan, answers, {"Ada": [HOME + "Ada", HOME + "Ada_2"]})
    conclusion = conclude(plan)
    assert (conclusion.outcome, conclusion.detail) == (Outcome.FAILED, "http 503")


def test_a_namesake_that_there_was_no_room_to_visit_leaves_it_ambiguous():
    plan = by_name(page("Ada", "Ada"), search("Ada"), pages_left=1)
    answers = {HOME + "Ada": report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED)}
    drive(plan, answers, {"Ada": [HOME + "Ada", HOME + "Ada_2"]})
    assert conclude(plan).detail == "ambiguous"


def test_a_search_that_could_not_be_asked_leaves_a_page_in_doubt_but_found():
    plan = by_name(page("Ada", "Ada"), search("Ada"))
    answers = {HOME + "Ada": report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED)}
    drive(plan, answers)
    assert conclude(plan).rivals == 0
    plan.unsearched = True
    conclusion = conclude(plan)
    assert (conclusion.outcome, conclusion.rivals) == (Outcome.FOUND, None)


def test_a_search_that_could_not_be_asked_is_told_where_nobody_was_found():
    plan = by_name(page("Ada", "Ada"), search("Ada"))
    drive(plan, {})
    plan.unsearched = True
    conclusion = conclude(plan)
    assert conclusion.outcome is Outcome.ABSENT
    assert "search could not be asked" in conclusion.detail


def test_each_form_of_a_name_is_tried_once_and_searched_for():
    performer = Performer(
        1, "TessaLund", aliases=("Lund, Tessa", "Tessa Lund 🌸", "\u200b", "Tess")
    )
    steps = plan_by_name(performer, babepedia, 4).todo
    assert [step.text for step in steps if step.kind is StepKind.SEARCH] == [
        "TessaLund",
        "Tessa Lund",
        "Tess",
    ]
    assert [step.text for step in steps if step.kind is StepKind.PAGE] == [
        "TessaLund",
        "Tessa Lund",
        "Tess",
    ]


def test_aliases_are_tried_after_the_canonical_name():
    plan = by_name(page("Ada", "Ada"), search("Ada"), page("Alias", "Alias"), search("Alias"))
    assert drive(plan, {}) == [
        HOME + "Ada",
        search("Ada").url,
        HOME + "Alias",
        search("Alias").url,
    ]


def test_the_same_profile_under_two_addresses_is_no_namesake():
    plan = by_name(page("Ada", "Ada"), search("Ada"))
    first = report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED)
    plan.add_report(first)
    plan.add_report(replace(first, url=HOME + "ada"))
    assert len(plan.reports) == 1
    assert conclude(plan).outcome is Outcome.FOUND


def test_a_plan_survives_the_disk():
    plan = by_name(page("Ada", "Ada"), search("Ada"))
    plan.reports.append(report(page("Ada", "Ada"), Outcome.FOUND, Identity.UNCORROBORATED))
    assert pickle.loads(pickle.dumps(plan)) == plan


SLUGS = st.sampled_from(["a", "b", "c", "d", "e", "f"])
IDENTITIES = st.sampled_from([None, *Identity])


@given(
    st.lists(SLUGS, max_size=8),
    st.dictionaries(SLUGS, IDENTITIES),
    st.lists(SLUGS, max_size=6),
    st.integers(1, 4),
)
def test_no_page_is_asked_for_twice_nor_more_than_allowed(names, identities, found, room):
    steps = [step for name in names for step in (page(name, name), search(name))]
    answers = {
        HOME + slug: report(page(slug), Outcome.FOUND, identity)
        for slug, identity in identities.items()
        if identity is not None
    }
    plan = by_name(*steps, pages_left=room)
    asked = drive(plan, answers, {name: [HOME + slug for slug in found] for name in names})
    assert len(asked) == len(set(asked))
    assert sum(url.startswith(HOME) for url in asked) <= room
    conclusion = conclude(plan)
    if conclusion.outcome is Outcome.FOUND:
        assert conclusion.page is not None
        assert conclusion.page.identity in (Identity.CONFIRMED, Identity.UNCORROBORATED)
