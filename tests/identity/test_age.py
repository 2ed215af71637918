import datetime as dt

import pytest

from enrichscrapy.identity.age import find_18th_birthday, find_whose_word
from enrichscrapy.items import PartialDate, Performer, Profile

TODAY = dt.date(2026, 6, 15)


@pytest.mark.parametrize(
    ("born", "minor"),
    [
        ("2008-06-15", False),
        ("2008-06-16", True),
        ("2008-05", False),
        ("2008-06", True),
        ("2007", False),
        ("2008", True),
        ("1983", False),
        ("2030-01-01", True),
        ("9999", True),
    ],
)
def test_partial_dates_count_as_the_latest_day(born, minor):
    assert (find_18th_birthday(PartialDate.parse(born).latest()) > TODAY) is minor


def test_born_on_the_29th_of_february():
    born = PartialDate.parse("2008-02-29")
    assert find_18th_birthday(born.latest()) == dt.date(2026, 3, 1)


def performer(born):
    return Performer(1, "Mira Vantongeren", birth_date=born)


def page(born):
    date = PartialDate.parse(born) if born else None
    return Profile("Mira Vantongeren", "https://www.example.com/x", birth_date=date)


@pytest.mark.parametrize(
    ("stored", "said", "word"),
    [
        ("1983", "1983-10-15", None),
        (None, None, None),
        (None, "2010", "page"),
        ("2010", "1990", "database"),
        ("1990", "2010", "page"),
        ("2010", None, "database"),
        ("2012-03-02T00:00:00Z", "1992", "database"),
        ("02/03/2012", "1992", "database"),
        ("nobody could read this", "1992", "database"),
        ("0000-00-00", "1992", None),
    ],
)
def test_either_word_is_enough(stored, said, word):
    assert find_whose_word(performer(stored), page(said), TODAY) == word


@pytest.mark.parametrize(
    ("said", "minor"),
    [
        ("13 years young", True),
        ("18 years young", False),
        ("circa 2012", True),
        ("2005 or 2011", True),
        ("2000s", True),
        ("1990s", False),
        ("11/27/08", True),
        ("", False),
    ],
)
def test_what_a_page_says_vaguely_counts_as_the_youngest_it_can_mean(said, minor):
    vague = Profile("Mira Vantongeren", "https://www.example.com/x", birth_text=said)
    assert (find_whose_word(performer(None), vague, TODAY) == "page") is minor
    assert (find_whose_word(performer(said), None, TODAY) == "database") is minor


def test_before_any_page_was_read():
    assert find_whose_word(performer("2010-01-01"), None, TODAY) == "database"
