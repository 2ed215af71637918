import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.facts.text import fold_error, fold_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("two\nlines\tand\r\nmore", "two lines and more"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\x1b]0;new title\x07b", "ab"),
        ("a\x1b]8;;http://evil.example\x1b\\link", "alink"),
        ("a\x9b2Jb", "ab"),
        ("bell\x07 null\x00", "bell null"),
        ("right\u202eto left", "rightto left"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("cannot read <_io.BytesIO object at 0x7f3a5c0d1e90>", "cannot read <_io.BytesIO object>"),
        ("line\u2028separator", "line separator"),
        ("Zoë Łukasz 美", "Zoë Łukasz 美"),
    ],
)
def test_what_is_left(text, expected):
    assert fold_line(text) == expected


def test_long_text_is_cut():
    assert fold_line("x" * 500, limit=10) == "x" * 9 + "…"


@given(st.text(), st.integers(5, 50))
def test_always_one_printable_line(text, limit):
    line = fold_line(text, limit)
    assert len(line) <= limit
    assert all(c == " " or c.isprintable() for c in line)


def test_what_an_error_quotes_of_a_file_reaches_no_terminal():
    assert fold_error(ValueError("no operator \x1b]0;pwned\x07Odd")) == "no operator Odd"
    assert fold_error(ValueError()) == "ValueError"
