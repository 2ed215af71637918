import pytest

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.items import ReferenceSiteMode
from enrichscrapy.spiders.arguments import SpiderArguments, find_performers


def test_defaults_are_url_mode_without_limits():
    assert SpiderArguments.parse() == SpiderArguments(ReferenceSiteMode.URL_LOOKUP)


def test_reads_what_a_user_types():
    arguments = SpiderArguments.parse(" Name ", "100", "17, 3,3", "female")
    assert arguments.mode is ReferenceSiteMode.NAME_LOOKUP
    assert arguments.limit == 100
    assert arguments.performers == (3, 17)
    assert arguments.gender == "FEMALE"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"mode": "foo"}, "mode=url or mode=name"),
        ({"limit": "-1"}, "from 1 up"),
        ({"limit": "0"}, "from 1 up"),
        ({"limit": "many"}, "from 1 up"),
        ({"performers": "3;4"}, "separated by commas"),
        ({"performers": "0"}, "separated by commas"),
        ({"performers": ""}, "separated by commas"),
        ({"performers": "3,,4"}, "separated by commas"),
        ({"gender": "WOMAN"}, "FEMALE"),
    ],
)
def test_a_bad_argument_is_refused_with_what_would_do(given, told):
    with pytest.raises(BadSetting, match=told) as caught:
        SpiderArguments.parse(**given)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_performers_may_be_named(db):
    for name in ("Nora Vee", "Mia R", "Anna", "Anna"):
        db.add_performer(name)
    words = SpiderArguments.parse(performers="nora vee, 2,id:2").performers
    assert words == (2, "id:2", "nora vee")
    assert [meant.performer.id for meant in find_performers(db, words)] == [2, 2, 1]
    with pytest.raises(BadSetting, match="Nobody: there is no performer Nobody"):
        find_performers(db, (1, "Nobody"))
    with pytest.raises(BadSetting, match=r"several performers have it: id:3 Anna .*; id:4 Anna"):
        find_performers(db, ("Anna",))
