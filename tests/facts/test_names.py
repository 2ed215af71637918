import pytest

from enrichscrapy.facts.names import (
    fold_letters,
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
