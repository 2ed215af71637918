import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.facts.dates import find_latest_birth
from enrichscrapy.facts.stored_dates import is_cut, is_empty_date, read_stored_date

TODAY = dt.date(2026, 6, 15)
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1983-10-15", "1983-10-15"),
        ("1983", "1983"),
        # With a time, a zone, or as a number.
        ("2012-03-02T00:00:00Z", "2012-03-02"),
        ("2012-03-02 00:00:00.000", "2012-03-02"),
        ("2012-03-02T23:30:00-05:00", "2012-03-02"),
        ("2012-03-02+01:00", "2012-03-02"),
        ("13/02/2012 0:00", "2012-02-13"),
        ("20120302", "2012-03-02"),
        ("20120302000000", "2012-03-02"),
        ("2012.0", "2012"),
        # Other orders: what all readings share.
        ("2012-3-2", "2012-03-02"),
        ("2012/03/02", "2012-03-02"),
        ("02/03/2012", "2012"),
        ("05/05/2012", "2012-05-05"),
        ("31.12.1999", "1999-12-31"),
        ("12/31/1999", "1999-12-31"),
        ("03/2012", "2012-03"),
        ("２０１２年３月２日", "2012-03-02"),
        # Two digits of a year: the youngest that was.
        ("31.12.99", "1999-12-31"),
        ("31/12/25", "2025"),
        ("02/03/85", "1985"),
        ("12/03/02", "2012"),
        ("01.01.00", "2000-01-01"),
        ("13/01/00", "2000-01-13"),
        ("15-Oct-83", "1983-10-15"),
        # As far as it goes.
        ("1983-00-00", "1983"),
        ("1983-00-15", "1983"),
        ("1983-10-00", "1983-10"),
        ("1983-13-40", "1983"),
        ("2012-02-30", "2012-02"),
        ("1983-10-xx", "1983-10"),
        ("??/??/1983", "1983"),
        # Words.
        ("15 October 1983", "1983-10-15"),
        ("October 1983", "1983-10"),
        ("born 1990-05-06 in Spain", "1990-05-06"),
        ("c. 1983", "1983"),
        ("1983?", "1983"),
        ("1990 or 1991", "1991"),
        ("between 1980 and 1985", "1985"),
        ("the 1980s", "1989"),
        ("198?", "1989"),
        ("20??", "2099"),
        ("2.XII.2012", "2012"),
        ("2 de marzo de 2012", "2012"),
        ("2 de marzo de 12", "2012"),
        ("15 octubre 83", "1983"),
        ("2012-W10-5", "2012"),
        ("2012—03—02", "2012-03-02"),
        ("2012:03:02", "2012-03-02"),
        ("20120302T000000Z", "2012-03-02"),
        ("Fri Mar  2 00:00:00 UTC 2012", "2012-03-02"),
        ("20120230", "2012"),
        ("1990 or 91", "1991"),
        ("1990-95", "1995"),
        ("1999 or 00", "2000"),
        ("the 90s", "1999"),
        ("May '08", "2008"),
        ("2012-03-02 or 1990-03-02", "2012"),
        # Nothing to be sure of.
        ("not before 2005", None),
        ("2005 onwards", None),
        ("1330646400", None),
        ("MMXII", None),
        ("14 years old", None),
        ("2012" + " " * 10 + "x" * 200_000, None),
        ("after 2005", None),
        ("1990+", None),
        ("October 27", None),
        ("0000-10-15", None),
        ("0085-10-15", None),
        ("30604", None),
        ("467164800", None),
        ("soon", None),
        ("", None),
    ],
)
def test_as_far_as_it_goes(text, expected):
    read = read_stored_date(text, TODAY)
    assert (str(read) if read else None) == expected


@pytest.mark.parametrize(
    "text",
    ["", " ", "0000-00-00", "?", "-", "n/a", "Unknown", "NaT", "null", "(unknown)", "not stated"],
)
def test_ways_of_saying_nothing(text):
    assert is_empty_date(text)
    assert read_stored_date(text) is None


@pytest.mark.parametrize("text", ["TBA", "0001-01-01", "0001-01-01T00:00:00Z"])
def test_what_programs_write_for_nothing(text):
    assert is_empty_date(text)


@pytest.mark.parametrize("text", ["soon", "0000-10-15", "18", "not before 2005"])
def test_what_cannot_be_read_is_not_nothing(text):
    assert not is_empty_date(text)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("1983-10-15T00:00:00Z", False),
        ("1983-00-00", False),
        ("1983", False),
        ("15 October 1983", False),
        ("02/03/2012", True),
        ("02032012", True),
        ("2012-02-30", True),
        ("1983-00-15", True),
    ],
)
def test_what_is_lost_is_known(text, cut):
    assert is_cut(text, read_stored_date(text, TODAY)) is cut


WRITTEN = [
    lambda d: d.isoformat(),
    lambda d: d.isoformat() + "T23:59:59Z",
    lambda d: f"{d:%Y%m%d}",
    lambda d: f"{d.year}-{d.month}-{d.day}",
    lambda d: f"{d.year}/{d.month}/{d.day} 0:00",
    lambda d: f"{d:%d/%m/%Y}",
    lambda d: f"{d:%m/%d/%Y}",
    lambda d: f"{d.day}. {d.month}. {d.year}",
    lambda d: f"{d.day} {MONTHS[d.month - 1]} {d.year}",
    lambda d: f"{MONTHS[d.month - 1]} {d.day}, {d.year}",
    lambda d: f"c. {d.year}",
    lambda d: f"{d.year // 10}?",
    lambda d: f"{d.year // 10}0s",
]


@given(st.dates(dt.date(1930, 1, 1), TODAY), st.sampled_from(WRITTEN))
def test_nobody_is_ever_read_as_older(born, write):
    assert read_stored_date(write(born), TODAY).latest() >= born


@given(
    st.dates(dt.date(1930, 1, 1), TODAY),
    st.sampled_from(["%d/%m/%y", "%m/%d/%y", "%y-%m-%d", "%d.%m.%y", "%d-%b-%y"]),
)
def test_two_digits_of_a_year_are_of_the_youngest(born, form):
    read = read_stored_date(born.strftime(form), TODAY)
    assert read.latest() >= born
    assert read.year <= TODAY.year


@given(st.text(alphabet="0123456789-/. :TZ?x年Octabr", max_size=20) | st.text(max_size=20))
def test_no_text_breaks_it(text):
    read = read_stored_date(text, TODAY)
    assert read is None or is_cut(text, read) in (True, False)


@given(st.dates(dt.date(1850, 1, 1), dt.date(2099, 12, 31)))
def test_a_plain_day_is_read_the_short_way_as_the_long_one(day):
    text = day.isoformat()
    assert str(read_stored_date(text)) == str(read_stored_date(f"{text}T00:00:00Z")) == text
    assert find_latest_birth(text, TODAY) == find_latest_birth(f"{text} ", TODAY)
