import pytest

from enrichscrapy.facts.genders import GENDERS, read_gender


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        *((name, name) for name in GENDERS),
        ("Trans Woman", "TRANSGENDER_FEMALE"),
        ("transgender  man", "TRANSGENDER_MALE"),
        ("TF", "TRANSGENDER_FEMALE"),
        ("f", "FEMALE"),
        ("non-binary", "NON_BINARY"),
        ("", None),
        ("transgender", None),
        ("unknown", None),
    ],
)
def test_a_gender_is_read_however_it_is_written(text, gender):
    assert read_gender(text) == gender
