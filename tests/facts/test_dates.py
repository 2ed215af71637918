import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichscrapy.facts.dates import parse_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("October 15, 1983", "1983-10-15"),
        ("October 15, 1983 (42 years old)", "1983-10-15"),
        ("Oct 15, 1983", "1983-10-15"),
        ("Saturday 15th of October 1983", "1983-10-15"),
        ("Saturday  15th of  October\n 1983 ", "1983-10-15"),
        ("1st of March 1990 (age 36)", "1990-03-01"),
        ("Tuesday 22nd of November 2011 (age around 53)", "2011-11-22"),
        ("3rd of May 1990", "1990-05-03"),
        ("1983-10-15", "1983-10-15"),
        ("1983-10", "1983-10"),
        ("1983", "1983"),
        ("October 1983", "1983-10"),
        ("10/15/1983", "1983-10-15"),
        ("1/2/1983", "1983-01-02"),
        ("??/15/1983", "1983"),
        ("10/??/1983", "1983-10"),
        ("??/??/1983", "1983"),
        ("10/??/19??", None),
        ("10/15/????", None),
        ("15/10/1983", "1983"),  # month first: there is no month 15
        ("February 30, 1983", "1983"),
        ("February 29, 1984", "1984-02-29"),
        ("January 1, 1904", "1904-01-01"),
        ("February 2, 1908", "1908-02-02"),
        ("15th of October", None),
        ("1983 or 1984", None),
        ("about 1983", None),
        ("42", None),
        ("No data", None),
        ("", None),
        ("(1983)", None),
        ("3021", None),
    ],
)
def test_parse_date(text, expected):
    parsed = parse_date(text)
    assert (str(parsed) if parsed else None) == expected


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)), st.integers(0, 2))
@settings(deadline=None)
def test_every_day_is_read_back(date, form):
    ordinal = {1: "st", 2: "nd", 3: "rd"}.get(date.day % 10 if date.day not in (11, 12, 13) else 0)
    texts = (
        f"{date:%B} {date.day}, {date.year}",
        f"{date:%A} {date.day}{ordinal or 'th'} of {date:%B} {date.year}",
        f"{date.month}/{date.day}/{date.year}",
    )
    assert str(parse_date(texts[form])) == date.isoformat()


@given(st.text(max_size=40) | st.from_regex(r"[\d?/. ,a-zA-Z-]{0,30}", fullmatch=True))
@settings(deadline=None)
def test_no_text_breaks_it(text):
    parsed = parse_date(text)
    assert parsed is None or 1800 <= parsed.year < 2100
