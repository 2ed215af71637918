import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.items import PartialDate, Profile
from enrichscrapy.sites.layout import (
    DECLARED_SHARES,
    WINDOW,
    compute_chance_of_so_few,
    compute_expected_shares,
    find_layout_change,
    list_page_parts,
)

WHOLE = {"names": True, "photos": True, "birth_dates": True}
BARE = {"names": True, "photos": False, "birth_dates": False}
NONE = list_page_parts(None)


def test_page_parts_say_what_a_page_had():
    url = "https://www.babepedia.com/babe/Tuva"
    assert list_page_parts(Profile(name="", url=url)) == NONE
    assert list_page_parts(Profile(name="Tuva", url=url)) == BARE
    full = Profile(name="Tuva", url=url, birth_date=PartialDate(1991), photo_urls=("x",))
    assert list_page_parts(full) == WHOLE


def pages(whole: int, bare: int) -> list[dict[str, bool]]:
    return [WHOLE] * whole + [BARE] * bare


def test_nothing_is_said_before_the_window_is_full():
    assert find_layout_change([NONE] * (WINDOW - 1), DECLARED_SHARES) is None


@pytest.mark.parametrize(
    ("whole", "usual", "changed"),
    [(0, 1.0, True), (14, 1.0, True), (15, 1.0, False), (0, 0.1, True), (8, 0.6, True),
     (9, 0.6, False), (0, 0.0, False)],
)  # fmt: skip
def test_fewer_than_half_the_usual_share_is_a_change(whole, usual, changed):
    expected = {"names": 1.0, "photos": usual, "birth_dates": 0.0}
    assert bool(find_layout_change(pages(whole, WINDOW - whole), expected)) is changed


def test_each_part_counts_and_the_message_names_it():
    for part in ("names", "photos", "birth_dates"):
        window = [{**WHOLE, part: False}] * WINDOW
        change = find_layout_change(window, {"names": 1.0, "photos": 0.8, "birth_dates": 0.6})
        assert change is not None
        assert change.part == part
        assert part.replace("_", " ") in str(change)


def test_only_the_latest_pages_count():
    assert find_layout_change([NONE] * 100 + pages(WINDOW, 0), DECLARED_SHARES) is None
    assert find_layout_change(pages(500, 0) + [NONE] * WINDOW, DECLARED_SHARES) is not None


def test_a_long_run_is_not_stopped_by_chance():
    expected = {"names": 1.0, "photos": 0.5, "birth_dates": 0.0}
    few = pages(6, WINDOW - 6)
    assert find_layout_change(few, expected) is not None
    assert find_layout_change(few, expected, pages_seen=5000) is None
    assert find_layout_change(pages(0, WINDOW), expected, pages_seen=5000) is not None
    # Nothing of a part that most pages have: a change however long the run is.
    assert find_layout_change([NONE] * WINDOW, DECLARED_SHARES, pages_seen=10**6) is not None


def test_a_first_run_is_held_against_the_declared_shares():
    assert compute_expected_shares([]) == DECLARED_SHARES
    assert compute_expected_shares(pages(5, 0)) == DECLARED_SHARES
    assert compute_expected_shares(pages(15, 15)) == {
        "names": 1.0,
        "photos": 0.5,
        "birth_dates": 0.5,
    }


def test_only_the_newest_pages_make_the_baseline():
    assert compute_expected_shares([*pages(500, 0), *[NONE] * 5000])["names"] == 1.0


@given(st.integers(0, WINDOW), st.floats(0, 1))
def test_chances_are_chances(having, share):
    assert 0 <= compute_chance_of_so_few(having, share) <= 1 + 1e-9
    assert compute_chance_of_so_few(WINDOW, share) == pytest.approx(1)
