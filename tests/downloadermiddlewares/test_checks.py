import pytest
from scrapy import Request
from scrapy.settings import Settings

from enrichscrapy import settings as project_settings
from enrichscrapy.core.checks import check_settings
from enrichscrapy.core.refused import RequestRefused, describe_failure
from enrichscrapy.downloadermiddlewares.challenge import Clearance
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.items import Outcome


def settings(**changes):
    found = Settings()
    found.setmodule(project_settings)
    found.setdict({"BABEPEDIA_BASE_URL": "", "IAFD_BASE_URL": "", "CONTACT": ""} | changes)
    return found


def test_the_project_s_own_settings_pass():
    check_settings(settings())


@pytest.mark.parametrize(
    "changes",
    [
        {"DELAY_FLOORS": '{"babepedia": 0, "iafd": 2}', "BABEPEDIA_BASE_URL": "http://127.0.0.1:1"},
        {"DELAY_FLOORS": {"iafd": 10}},
    ],
)
def test_floors_that_may_be(changes):
    check_settings(settings(**changes))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"DELAY_FLOORS": '{"babepedia": 0}'}, "BABEPEDIA_BASE_URL"),
        (
            {"DELAY_FLOORS": {"iafd": 1}, "BABEPEDIA_BASE_URL": "http://localhost:1"},
            "IAFD_BASE_URL",
        ),
        ({"DELAY_FLOORS": {"iafd": 1}, "IAFD_BASE_URL": "https://example.org"}, "IAFD_BASE_URL"),
        ({"DELAY_FLOORS": "fast"}, "DELAY_FLOORS"),
        ({"IAFD_BASE_URL": "http://10.0.0.1"}, "IAFD_BASE_URL"),
        ({"CONTACT": "a\r\nb"}, "CONTACT"),
        ({"CHROMIUM_PATH": "/nowhere/chromium"}, "CHROMIUM_PATH"),
        ({"REQUESTS_PER_DAY": "lots"}, "REQUESTS_PER_DAY"),
        ({"HTTPCACHE_ENABLED": "1"}, "scrapy forget"),
    ],
)
def test_what_cannot_be_used_is_named(changes, named):
    with pytest.raises(BadSetting, match=named):
        check_settings(settings(**changes))


def cookie(name, expires=-1, value="v"):
    return {"name": name, "value": value, "expires": expires}


@pytest.mark.parametrize(
    ("cookies", "valid"),
    [
        ([], False),
        ([cookie("session")], True),
        ([cookie("cf_clearance", 99.0)], False),
        ([cookie("cf_clearance", 101.0)], True),
        ([cookie("cf_clearance", 101.0), cookie("other", 50.0)], True),
        ([cookie("one", 200.0), cookie("other", 50.0)], False),
    ],
)
def test_how_long_a_clearance_serves(cookies, valid):
    assert Clearance(cookies).is_valid(100.0) is valid


def test_whether_a_request_carried_it():
    clearance = Clearance([cookie("a", value="1"), cookie("b", value="2")])
    assert clearance.was_sent(Request("https://x.example", headers={"Cookie": "b=2; c=3; a=1"}))
    assert not clearance.was_sent(Request("https://x.example", headers={"Cookie": "a=1"}))
    assert not clearance.was_sent(Request("https://x.example"))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("see https://www.example.com/babe/Some_Name now"), "ValueError: see <url> now"),
        (ValueError("\x1b[31mred\nline"), "ValueError: red line"),
        (KeyError(), "KeyError"),
        (RequestRefused(Outcome.FAILED, "too\nlarge"), "too large"),
        (ArithmeticError("x" * 1000), "ArithmeticError: " + "x" * 182 + "…"),
    ],
)
def test_failures_in_words(error, text):
    assert describe_failure(error) == text
