import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichscrapy.facts.names import (
    clean_name,
    fold_letters,
    lookup_names,
    name_key,
    name_keys,
    name_words,
    spelling_key,
    split_number,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Zoë Łuczak", "zoe luczak"),
        ("Ångström Øster Æbel", "angstrom oster aebel"),
        ("Straße", "strasse"),
        ("ＦＵＬＬ", "full"),
        ("İpek", "ipek"),
        ("がか", "がか"),  # another letter, not a decorated one
        ("Йод", "йод"),
        ("Ελένη", "ελένη"),
    ],
)
def test_fold_letters(text, folded):
    assert fold_letters(text) == folded


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Nora  Vesterlund", ("nora", "vesterlund")),
        ("V.D. Orm", ("vd", "orm")),
        ("V. D. Orm", ("vd", "orm")),
        ("VD Orm", ("vd", "orm")),
        ("Nora St. Lune", ("nora", "st", "lune")),
        ("D'Orm", ("d", "orm")),
        ("Mary-Jane", ("mary", "jane")),
        ("Anna_2", ("anna", "2")),
        ("葵 花", ("葵", "花")),
        ("!!!", ()),
        ("", ()),
    ],
)
def test_name_words(name, words):
    assert name_words(name) == words


def test_name_key_is_folded_and_knows_no_order():
    assert name_key("Müller, Anna-Lena") == "anna lena muller" == name_key("ANNA LENA MULLER")
    assert name_key("???") == ""


def test_a_joint_is_read_both_ways():
    assert name_keys("Mary-Jane") == {"jane mary", "maryjane"}
    assert name_keys("Mary Jane").isdisjoint(name_keys("Maryjane"))
    assert not name_keys("Mary-Jane").isdisjoint(name_keys("Maryjane"))
    assert name_keys("?") == frozenset()


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Anna_2", ("Anna", 2)),
        ("Anna Vesk 12", ("Anna Vesk", 12)),
        ("Anna (3)", ("Anna", 3)),
        ("Anna (II)", ("Anna", 2)),
        ("Anna (VIP)", ("Anna (VIP)", None)),
        ("Anna", ("Anna", None)),
        ("Anna 1999", ("Anna 1999", None)),
        ("Anna2", ("Anna2", None)),
        ("2", ("2", None)),
        ("", ("", None)),
    ],
)
def test_split_number(name, parts):
    assert split_number(name) == parts


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ksenia", "Xeniya", True),
        ("Katya", "Katia", True),
        ("Yulia", "Julia", True),
        ("Sofia", "Sophia", True),
        ("Viktoria", "Victoria", True),
        ("Marija", "Maria", True),
        ("Hannah", "Hanna", True),
        ("Anna", "Hanna", False),
        ("Anna", "Anja", False),
        ("Clara", "Carla", False),
        ("Alice", "Alika", False),
    ],
)
def test_spelling_key(one, other, same):
    assert (spelling_key(one) == spelling_key(other)) is same


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Tessa Lund", ["Tessa Lund"]),
        ("Lund, Tessa", ["Tessa Lund"]),
        ("Lund, Tessa, Jr.", ["Tessa Lund Jr."]),
        ("Tessa Lund, Jr.", ["Tessa Lund Jr."]),
        ("Tessa Lund (Swedish)", ["Tessa Lund"]),
        ("Tessa Lund [inactive", ["Tessa Lund"]),
        ("Tessa Lund 🌸", ["Tessa Lund"]),
        ("Tessa❤️Lund", ["Tessa Lund"]),
        ("👩🏽\u200d🦰 Tessa Lund™", ["Tessa Lund"]),
        ("\ufeff\u202aTessa Lund\u202c\u200b", ["Tessa Lund"]),
        ("Tessa\u00a0Lund\x00", ["Tessa Lund"]),
        ("Ｔｅｓｓａ　Ｌｕｎｄ", ["Tessa Lund"]),
        ("Tessa “Tess” Lund", ["Tessa Tess Lund"]),
        ("Kira O’Mallin", ["Kira O'Mallin"]),
        ("Zoe\u0308", ["Zoë"]),
        ("TessaLund", ["TessaLund", "Tessa Lund"]),
        ("Tessa\u00adLund", ["TessaLund", "Tessa Lund"]),
        ("ZoëÉlan", ["ZoëÉlan", "Zoë Élan"]),
        ("McKenna LeAnn", ["McKenna LeAnn"]),
        ("Miss Tessa Lund", ["Miss Tessa Lund", "Tessa Lund"]),
        ("Dr. Tessa", ["Dr. Tessa"]),
        ("Missy Lund Ek", ["Missy Lund Ek"]),
        ("Tessa Lund (II)", ["Tessa Lund 2", "Tessa Lund"]),
        ("Tessa_2", ["Tessa 2"]),
        ("(Tessa)", ["Tessa"]),
        ("Ke$ha P!nk", ["Ke$ha P!nk"]),
        ("\u200b", []),
        ("❤️ (?)", []),
        ("", []),
    ],
)
def test_the_forms_under_which_a_site_may_list_a_name(name, forms):
    assert list(lookup_names(name)) == forms


@given(st.text(max_size=40))
@settings(deadline=None)
def test_a_clean_name_stays_as_it_is(name):
    clean = clean_name(name)
    assert clean_name(clean) == clean
    assert clean == " ".join(clean.split())
    assert clean_name(f"{clean}\u200b") == clean


def test_a_name_in_camel_case_is_the_name_with_a_space():
    assert not name_keys("TessaLund").isdisjoint(name_keys("Tessa Lund"))
    assert name_keys("McKenna").isdisjoint(name_keys("Mc Kenna"))


@pytest.mark.parametrize("name", ["Tes\u200bsa Lund", "\u202aTessa Lund\u202c", "Tessa\u00adLund"])
def test_what_nobody_sees_makes_no_other_name(name):
    assert not name_keys(name).isdisjoint(name_keys("Tessa Lund"))
