"""The longest page known must not cost more to read than to parse; both are timed side by side."""

from benchmarks.parsing import crowded_page, filmography_page, measure
from enrichscrapy.sites import babepedia, iafd


def test_reading_a_filmography_of_1300_rows_costs_less_than_half_its_selector():
    page = filmography_page()
    assert len(page) > 600_000
    build, read = measure(iafd, page, repeats=7)
    assert read < 0.5 * build


def test_a_page_full_of_strangers_costs_no_more_to_read_than_its_selector():
    build, read = measure(babepedia, crowded_page(3000), repeats=7)
    assert read < build
