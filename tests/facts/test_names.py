import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.facts.lookup_names import clean_name, list_lookup_names
from enrichscrapy.facts.names import (
    fold_letters,
    make_name_key,
    make_written_keys,
    split_name,
    split_number,
    strip_name,
)
from enrichscrapy.facts.spelling import make_name_keys, transliterate


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
        ("No\u200bra\u200e Ve\u0301ster", "nora vester"),  # what nobody sees
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
    assert split_name(name) == words


def test_name_key_is_folded_and_knows_no_order():
    assert (
        make_name_key("Müller, Anna-Lena")
        == "anna lena muller"
        == make_name_key("ANNA LENA MULLER")
    )
    assert make_name_key("???") == ""


def test_a_joint_is_read_both_ways():
    assert make_written_keys("Mary-Jane") == {"jane mary", "maryjane"}
    assert make_written_keys("Mary Jane").isdisjoint(make_written_keys("Maryjane"))
    assert not make_written_keys("Mary-Jane").isdisjoint(make_written_keys("Maryjane"))
    assert make_written_keys("?") == frozenset()


@pytest.mark.parametrize(
    ("name", "bare"),
    [
        ("Nora Holt (site.example)", "Nora Holt"),
        ("as Nora Holt", "Nora Holt"),
        ("credited as Nora Holt [x]", "Nora Holt"),
        ("AKA: Nora Holt", "Nora Holt"),
        ("Asta Holt", "Asta Holt"),
        ("(Nora)", "(Nora)"),
    ],
)
def test_bare_name(name, bare):
    assert strip_name(name) == bare


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Anna_2", ("Anna", 2)),
        ("Anna Vesk 12", ("Anna Vesk", 12)),
        ("Anna (3)", ("Anna", 3)),
        ("Anna (II)", ("Anna", 2)),
        ("Anna Vesk II", ("Anna Vesk", 2)),
        ("Anna (I)", ("Anna", None)),
        ("Anna 1", ("Anna", None)),
        ("Bo Vesk Jr.", ("Bo Vesk", 2)),
        ("Bo Vesk, Junior", ("Bo Vesk", 2)),
        ("Bo Vesk Sr", ("Bo Vesk", None)),
        ("Junior", ("Junior", None)),
        ("Anna (VIP)", ("Anna (VIP)", None)),
        ("Anna Vi", ("Anna Vi", None)),
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
    ("text", "latin"),
    [("Алёна", "alyona"), ("Ελένη Λουκά", "eleni louka"), ("さとう", "satou"), ("葵 花", "葵 花"),
     ("Zoë", "zoë"), ("Nora", "Nora")],
)  # fmt: skip
def test_transliterate(text, latin):
    assert transliterate(text) == latin


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        # Systems of romanisation.
        ("Ksenia", "Xeniya", True),
        ("Katya", "Katia", True),
        ("Yulia", "Julia", True),
        ("Elena Zhuk", "Yelena Juk", True),
        ("Alyona Kraeva", "Alena Krayeva", True),
        ("Ольга Щукина", "Olga Shchukina", True),
        ("Λουκία Νέρη", "Loukia Neri", True),
        ("Itou Tsumugi", "Ito Tumugi", True),
        ("Shouji Honma", "Syozi Homma", True),
        ("さとう りん", "Satoh Rin", True),
        ("김민지", "Kim Minji", True),
        ("Lee Jeonghyeon", "Yi Junghyun", True),
        # Spelling by ear.
        ("Kelly Ashleigh", "Kelli Ashley", True),
        ("Elizabet Souza", "Elisabet Sousa", True),
        ("Christina", "Kristina", True),
        ("Isabelle", "Isabel", True),
        ("Sofia", "Sophia", True),
        ("Viktoria", "Victoria", True),
        ("Marija", "Maria", True),
        ("Hannah", "Hanna", True),
        ("Mückli", "Mueckli", True),
        ("Søren", "Soeren", True),
        ("Weißkamp", "Weisskamp", True),
        ("Šárka", "Sharka", True),
        # Spaces, prefixes, notes, order.
        ("葵 花子", "葵花子", True),
        ("Han Yuna", "Yu-Na Han", True),
        ("Mary Ann Colt", "Colt, Maryann", True),
        ("Isla Mc Orrin", "Isla MacOrrin", True),
        ("Lea Saint-Orme", "Lea St. Orme", True),
        ("Vera Orm [site.example]", "as Vera Orm", True),
        ("Vera Orm 2", "Vera Orm (II)", True),
        ("Vera Orm Jr.", "Vera Orm, Junior", True),
        # Other names.
        ("Vera Orm", "Vera Orm 2", False),
        ("Anna", "Hanna", False),
        ("Anna Orm", "Hanna Orm", False),
        ("Anna", "Anja", False),
        ("Clara", "Carla", False),
        ("Alice", "Alika", False),
        ("Nina", "Nika", False),
        ("Tina", "Dina", False),
        ("Zara", "Sara", False),
        ("Kim Minji", "Kim Minju", False),
        ("Kate", "Katherine", False),
        ("Yui", "Yuri", False),
        ("葵 花", "薫 花", False),
        ("がか", "かか", False),
    ],
)
def test_name_keys(one, other, same):
    assert make_name_keys(one).isdisjoint(make_name_keys(other)) is not same


@given(st.text(max_size=30))
def test_any_text_has_keys_that_case_and_spaces_do_not_change(name):
    assert make_name_keys(name) == make_name_keys(f"  {name}  ")
    assert bool(make_name_keys(name)) == bool(split_name(strip_name(name)))
    assert all(make_name_keys(name))


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
        ("Tessa “Tess” Lund", ["Tessa Tess Lund", "Tessa Lund"]),
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
        ("Мила Горова", ["Мила Горова", "Mila Gorova"]),
        ("林 花", ["林 花"]),
        ("Ke$ha P!nk", ["Ke$ha P!nk"]),
        ("\u200b", []),
        ("❤️ (?)", []),
        ("", []),
        ("Tessa ‘The Body’ Lund", ["Tessa 'The Body' Lund", "Tessa Lund"]),
        ("Tessa Lund aka Mia", ["Tessa Lund aka Mia", "Tessa Lund", "Mia"]),
        ("Tessa Lund / Mia (old)", ["Tessa Lund Mia", "Tessa Lund", "Mia"]),
        ("@tessa_lund", ["tessa lund"]),
        ("Rob 'n' Roll", ["Rob 'n' Roll"]),
    ],
)
def test_the_forms_under_which_a_site_may_list_a_name(name, forms):
    assert list(list_lookup_names(name)) == forms


@given(st.text(max_size=40))
def test_a_clean_name_stays_as_it_is(name):
    clean = clean_name(name)
    assert clean_name(clean) == clean
    assert clean == " ".join(clean.split())
    assert clean_name(f"{clean}\u200b") == clean


def test_a_name_in_camel_case_is_the_name_with_a_space():
    assert not make_written_keys("TessaLund").isdisjoint(make_written_keys("Tessa Lund"))
    assert make_written_keys("McKenna").isdisjoint(make_written_keys("Mc Kenna"))


@pytest.mark.parametrize("name", ["Tes\u200bsa Lund", "\u202aTessa Lund\u202c", "Tessa\u00adLund"])
def test_what_nobody_sees_makes_no_other_name(name):
    assert not make_name_keys(name).isdisjoint(make_name_keys("Tessa Lund"))
