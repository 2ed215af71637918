import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.facts.dates import (
    find_latest_birth,
    is_plain_day,
    parse_date,
    read_plain_day,
)
from enrichscrapy.facts.stored_dates import read_stored_date
from enrichscrapy.facts.text import MAX_FACT
from enrichscrapy.items import PartialDate

TODAY = dt.date(2026, 11, 26)


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
        ("February 30, 1983", "1983-02"),
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
        # No day or month that is not said.
        ("Monday 5th of 1990", "1990"),
        ("Sunday, May 1990", "1990-05"),
        ("12th of 1990", "1990"),
        ("1st of 1990", "1990"),
        ("Friday 13th 1990", "1990"),
        ("10 1983", "1983"),
        ("Winter 1990", "1990"),
        ("Marchand 1990", "1990"),
        ("May 1990 12:00", "1990"),
        ("3-5 March 1990", "1990"),
        ("March 3/4, 1990", "1990"),
        ("15? May 1990", "1990"),
        ("?? May 1990", "1990-05"),
        ("05-10-1983", "1983"),  # May or October: nothing says which
        ("05.10.1983", "1983"),
        ("15.10.1983", "1983-10-15"),
        # What leaves the year open.
        ("c. 1990", None),
        ("c1990", None),
        ("1990?", None),
        ("May 1990 (?)", None),
        ("1990s", None),
        ("1990-91", None),
        ("1990/1991", None),
        ("1990 or later", None),
        ("1990 (or 1991)", None),
        ("5 May 1990 (approx.)", None),
        ("circa 2012", None),
        ("13 years young", None),
        ("11/27/08", None),
        # As databases write them.
        ("1983-00-00", "1983"),
        ("1983-10-00", "1983-10"),
        ("2007-02-30", "2007-02"),
        ("2012-03-02T00:00:00Z", "2012-03-02"),
        ("2012-03-02 00:00:00", "2012-03-02"),
        ("20120302", "2012-03-02"),
        ("0000-00-00", None),
        ("5-Mar-1990", "1990-03-05"),
        ("1990, March", "1990-03"),
        ("1990-Mar-05", "1990-03-05"),
        ("5/Mar/1990", "1990-03-05"),
        ("Mar-05-1990", "1990-03-05"),
        ("15th of October 1983; age 42 years young", "1983-10-15"),
        ("October 1-2, 1990", "1990"),
    ],
)
def test_parse_date(text, expected):
    parsed = parse_date(text)
    assert (str(parsed) if parsed else None) == expected


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)), st.integers(0, 2))
def test_every_day_is_read_back(date, form):
    ordinal = {1: "st", 2: "nd", 3: "rd"}.get(date.day % 10 if date.day not in (11, 12, 13) else 0)
    texts = (
        f"{date:%B} {date.day}, {date.year}",
        f"{date:%A} {date.day}{ordinal or 'th'} of {date:%B} {date.year}",
        f"{date.month}/{date.day}/{date.year}",
    )
    assert str(parse_date(texts[form])) == date.isoformat()


@given(st.text(max_size=40) | st.from_regex(r"[\d?/. ,a-zA-Z-]{0,30}", fullmatch=True))
def test_no_text_breaks_it(text):
    parsed = parse_date(text)
    assert parsed is None or 1800 <= parsed.year < 2100


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("October 15, 1983", "1983-10-15"),
        ("2008-05", "2008-05"),
        ("1983-13-40", "1983"),
        ("2011 or 2012", "2012"),
        ("1990 (or 2012)", "2012"),
        ("between 2007 and 2009", "2009"),
        ("2008-09", "2008-09"),
        ("2008-19", "2019"),
        ("circa 2012", "2014"),
        ("2012?", "2014"),
        ("after 2000", "2010"),
        ("before 2010", "2010"),
        ("early 2000s", "2009"),
        ("the 90s", "1999"),
        ("'00s", "2009"),
        ("19??", "1999"),
        ("10/??/20??", "2099"),
        ("200x", "2009"),
        ("11/27/08", "2008"),
        ("11/27/95", "1995"),
        ("05/11/20", "2020"),
        ("27 Nov 08", "2008"),
        ("May '08", "2008"),
        ("02/03/2012", "2012-03-02"),  # whichever comes first, day or month
        ("10/15/2008", "2008-10-15"),
        ("02.03.2012", "2012-03-02"),
        ("13 years young", "2013-11-26"),
        ("17yo", "2009-11-26"),
        ("13-year-old", "2013-11-26"),
        ("Age: 17", "2009-11-26"),
        ("1990 (13 years old)", "2013-11-26"),
        ("around 17 years old", "2011-11-26"),
        ("almost 18 years old", "2010-11-26"),
        ("over 18 years old", "2008-11-26"),
        ("8 years in the business", None),
        ("2150", "2150"),
        ("(1983)", "1983"),
        ("0000-00-00", None),
        ("unknown", None),
        (None, None),
    ],
)
def test_the_latest_birth_a_text_can_mean(text, expected):
    found = find_latest_birth(text, TODAY)
    assert (str(found) if found else None) == expected


def test_an_age_on_a_day_that_other_years_lack():
    assert find_latest_birth("17 years old", dt.date(2028, 2, 29)) == PartialDate(2011, 2)


@given(st.text(max_size=40) | st.from_regex(r"[\d?/. ,a-zA-Z'()-]{0,30}", fullmatch=True))
def test_the_latest_birth_is_no_earlier_than_the_date(text):
    exact, latest = parse_date(text), find_latest_birth(text, TODAY)
    if exact is not None:
        assert latest is not None
        assert latest.latest() >= (exact.latest() if exact.day else exact.earliest())


@pytest.mark.parametrize("filler", [".", "1", "(", " ", "?", "1990 ", "a-", "'"])
def test_no_length_of_text_costs_more_than_its_beginning(filler, monkeypatch):
    """Whatever follows the first characters reaches no pattern."""
    lengths = []
    monkeypatch.setattr(
        "enrichscrapy.facts.dates.strip_notes",
        lambda text: lengths.append(len(text)) or text,
    )
    text = "1990" + filler * 2_000_000
    parse_date(text)
    find_latest_birth(text, TODAY)
    assert max(lengths) <= MAX_FACT


@given(
    st.text(max_size=40)
    | st.from_regex(r"[\d?/. ,a-zA-Z'()+-]{0,30}", fullmatch=True)
    | st.lists(
        st.sampled_from(
            [
                "1990",
                "2012-03-02",
                "02/03/2012",
                "12",
                "or",
                "-",
                "/",
                "'",
                "c.",
                "May",
                "90s",
                "(?)",
            ]
        ),
        max_size=6,
    ).map(" ".join)
)
def test_nobody_counts_as_older_than_the_date_that_an_import_keeps(text):
    kept, latest = read_stored_date(text, TODAY), find_latest_birth(text, TODAY)
    if kept is not None:
        assert latest is not None
        assert latest.latest() >= (kept.latest() if kept.day else kept.earliest())
        assert latest.year >= kept.year


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2012-03-02 Pisces", "2012-03-02"),
        ("2012-03-02?", "2012-03-02"),
        ("(2012-03-02)", "2012-03-02"),
        ("2012/03/02/", "2012-03-02"),
        ("2012-03-02 12AM", "2012-03-02"),
        ("2012–03–02", "2012-03-02"),
        ("born 2008-05 in Spain", "2008"),
        ("1990-03-02 (2012-03-02)", "2012-03-02"),
        ("2012-03-02/2012-03-03", "2012-03-03"),
        ("1990 or 91", "1991"),
        ("1999 or 00", "2000"),
        ("15 octubre 12", "2012"),
        ("March 2, 12", "2012"),
        ("March 2nd '12", "2012"),
        ("２０１２", "2012"),
        ("not before 2005", "2015"),
        ("2005 onwards", "2015"),
        ("20123002", "2012"),
        ("5 12:30 02/03/2012", "2012"),
        ("2009 08 2012", "2012"),
        ("? 2012 12", "2012"),
        ("20082012030202/03/2012", "2012"),
    ],
)
def test_no_way_of_writing_makes_somebody_older(text, expected):
    assert str(find_latest_birth(text, TODAY)) == expected


@given(st.from_regex(r"\A(18[4-9]\d|19\d\d|20\d\d)-[01]\d-[0-3]\d\Z") | st.text(max_size=12))
def test_a_plain_day_is_one_that_is_read_as_it_stands(text):
    assert is_plain_day(text) == (read_plain_day(text) is not None)
    assert not is_plain_day(text) or str(read_plain_day(text)) == text
