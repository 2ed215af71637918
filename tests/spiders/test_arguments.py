import pytest

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.items import ReferenceSiteMode
from enrichscrapy.spiders.arguments import SpiderArguments


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
        ({"gender": "WOMAN"}, "FEMALE"),
    ],
)
def test_a_bad_argument_is_refused_with_what_would_do(given, told):
    with pytest.raises(BadSetting, match=told) as caught:
        SpiderArguments.parse(**given)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
