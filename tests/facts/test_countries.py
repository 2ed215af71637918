import pycountry
import pytest

from enrichscrapy.facts.countries import (
    find_countries_by_nationality,
    find_country_by_code,
    find_country_by_name,
    find_country_by_nationality,
)
from enrichscrapy.facts.demonyms import DEMONYMS


@pytest.mark.parametrize(
    ("code", "expected"),
    [("es", "ES"), ("ES", "ES"), ("gb-eng", "GB"), ("uk", "GB"), ("zz", None), ("usa", None),
     ("", None), ("xk", None)],
)  # fmt: skip
def test_country_from_code(code, expected):
    assert find_country_by_code(code) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Spain", "ES"),
        ("Spain (#20)", "ES"),
        ("  united   states ", "US"),
        ("USA", "US"),
        ("England", "GB"),
        ("Czech Republic", "CZ"),
        ("Czechia", "CZ"),
        ("Russia", "RU"),
        ("South Korea", "KR"),
        ("Vietnam", "VN"),
        ("Côte d'Ivoire", "CI"),
        ("Türkiye", "TR"),
        ("Bolivia", "BO"),
        ("Moldova", "MD"),
        ("Taiwan", "TW"),
        ("Venezuela", "VE"),
        ("no", None),
        ("Atlantis", None),
        ("", None),
    ],
)
def test_country_from_name(name, expected):
    assert find_country_by_name(name) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Spanish", "ES"),
        ("American, Puerto Rican", "US"),
        ("Yugoslavian, Serbian", "RS"),
        ("Welsh", "GB"),
        ("South African", "ZA"),
        ("Czech/Slovak", "CZ"),
        ("Germany", "DE"),
        ("(Kiwi)", None),  # notes in brackets are no nationality
        ("Martian", None),
        ("No data", None),
        ("", None),
    ],
)
def test_country_from_nationality(text, expected):
    assert find_country_by_nationality(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("American, Puerto Rican", ("US", "PR")),
        ("Czech/Slovak", ("CZ", "SK")),
        ("German and Turkish", ("DE", "TR")),
        ("British-American", ("GB", "US")),
        ("Bissau-Guinean", ("GW",)),
        ("Antiguan and Barbudan", ("AG",)),
        ("Trinidad and Tobago", ("TT",)),
        ("Spanish, Spain, Spanish", ("ES",)),
        ("Martian, Swedish", ("SE",)),
        ("", ()),
    ],
)
def test_several_nationalities_are_several(text, expected):
    assert find_countries_by_nationality(text) == expected


def test_every_demonym_leads_to_a_country_and_to_one_only():
    assert all(pycountry.countries.get(alpha_2=code) for code in DEMONYMS.values())
    assert len(DEMONYMS) > 250
    assert all(demonym == demonym.strip().casefold() for demonym in DEMONYMS)
