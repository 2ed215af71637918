"""Every setting, read by the one reader: what can be used is taken, all else is named."""

import json
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings, default_settings

from enrichscrapy import settings as project_settings
from enrichscrapy.core.checks import check_crawl, check_given, check_settings
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.settings_reader import ProjectSettings, describe_allowed, read_settings

OWN = sorted(ProjectSettings.model_fields)
SCRAPYS = sorted(set(default_settings.__all__) - set(OWN))
ABSURD = (
    "",
    " ",
    "abc",
    "MAYBE",
    "-1",
    "0",
    "0.0",
    "2.5",
    "1e400",
    "-1e400",
    "nan",
    "9" * 30,
    "9" * 5000,
    "[]",
    "{}",
    "{",
    '{"babepedia": "abc"}',
    '{"babepedia": -1}',
    '{"babepedia": null}',
    "[1, [2]]",
    "null",
    "two\nlines",
    "\0",
    "~",
    "/proc/nowhere/x",
    "x" * 5000,
    "http://10.0.0.1/",
    "ünïcode ٣",
)
WRONG_TYPES = (None, True, -1, 0, 1e400, float("nan"), 10**400, b"bytes", [], {}, [None], object())


def settings(**given: object) -> Settings:
    """The project's settings, with ``given`` as ``-s`` gives them."""
    found = Settings()
    found.setmodule(project_settings)
    found.setdict({"BABEPEDIA_BASE_URL": "", "IAFD_BASE_URL": "", "CONTACT": ""})
    found.setdict(given, priority="cmdline")
    return found


def fault(name: str, value: str, found: Settings | None = None) -> str | None:
    """What is said of it; None when it is taken, and Scrapy's own readers take it as well.

    ``found`` are settings to put it in: making them again takes most of the time.
    """
    try:
        check_given({name: value})
        found = found or settings()
        found.set(name, value, priority="cmdline")
        check_settings(found)
    except BadSetting as error:
        return str(error)
    default = getattr(default_settings, name, None)
    for kind, read in ((bool, found.getbool), (int, found.getint), (float, found.getfloat)):
        if type(default) is kind:
            read(name)
    if isinstance(default, dict):
        found.getdict(name)
    return None


def wrong_types(name: str) -> Iterator[str | None]:
    """What is said of values of other types, as a settings module may hold them."""
    for value in WRONG_TYPES:
        try:
            read_settings({name: value})
        except BadSetting as error:
            yield str(error)


@pytest.mark.parametrize("name", OWN)
def test_absurd_values_are_taken_or_named_in_one_line(name):
    found = settings()
    for told in (*(fault(name, value, found) for value in ABSURD), *wrong_types(name)):
        assert told is None or re.match(rf"{name}\b", told)
        assert told is None or (len(told) < 300 and len(told.splitlines()) == 1)


@pytest.mark.parametrize("name", SCRAPYS)
def test_scrapy_s_own_settings_cost_no_traceback(name):
    found = settings()
    for value in ABSURD[:10]:
        told = fault(name, value, found)
        assert told is None or name in told, (value, told)


@pytest.mark.parametrize("name", OWN)
def test_what_is_taken_is_of_the_setting_s_type_and_within_its_bounds(name):
    kind = ProjectSettings.model_fields[name].annotation
    for value in (*ABSURD, *WRONG_TYPES):
        try:
            taken = getattr(read_settings({name: value}), name)
        except BadSetting:
            continue
        if kind in (int, float):
            assert isinstance(taken, kind)
            assert 0 <= taken <= 1 << 40 or "PRIORITY" in name
        if kind is bool:
            assert taken in (True, False)


@given(st.sampled_from(OWN), st.text(max_size=30))
def test_any_text_is_taken_or_named(name, value):
    told = fault(name, value)
    assert told is None or (told.startswith(name) and len(told.splitlines()) == 1)


def test_the_project_s_own_values_are_within_their_bounds():
    assert check_settings(settings()).LOOKUPS_IN_PROGRESS == project_settings.LOOKUPS_IN_PROGRESS


def test_every_setting_has_a_type_and_every_other_name_is_scrapy_s():
    ours = {name for name in vars(project_settings) if name.isupper()}
    assert ours - set(OWN) == set(), "settings_reader.py lacks them"
    assert set(OWN) - ours - set(default_settings.__all__) == set(), "settings.py lacks them"


@pytest.mark.parametrize(
    "given",
    [
        "LOOKUPS_IN_PROGRESS=0",
        "LOOKUPS_IN_PROGRESS=2.5",
        "TRUST_LEVELS=high",
        'TRUST_LEVELS={"iafd": "highest"}',
        "DRY_RUN=maybe",
        "RETENTION_DAYS=abc",
        "LOG_LEVEL=banana",
        "TWISTED_REACTOR=twisted.internet.selectreactor.SelectReactor",
        "MAX_PHOTOS_PER_PROFILE=0",
        "MAX_PHOTOS_PER_PROFILE=-1",
        "PAGE_MAX_BYTES=-5",
        "RETRY_BASE_SECONDS=-5",
        "MAX_ATTEMPTS=0",
        "CIRCUIT_REFUSALS=0",
        "REVISIT_AFTER_DAYS=-1",
        "REVISIT_AFTER_DAYS=1e400",
        "INDEX_PUBLISH_SECONDS=-1",
        "PROGRESS_LOG_SECONDS=-1",
        "SHUTDOWN_SECONDS=-1",
        "MAX_CANDIDATES=0",
        "MAX_FACES_TOTAL=0",
        "PLACEHOLDER_PERFORMERS=1",
        "FACE_BATCH_SIZE=0",
        "FACE_DEVICE=gpu",
        "FACE_WEIGHTS_SHA256=abc",
        "CHROMIUM_PATH=/nowhere/chromium",
        "DATABASE_URL=",
        "DATABASE_URL=mysql://host/base",
        "INDEX_DIR=",
        "CONTACT=a(b)",
        "IAFD_BASE_URL=http://10.0.0.1",
        "CONCURRENT_REQUESTS=0",
        "CLOSESPIDER_TIMEOUT=soon",
        "DOWNLOAD_DELAY=-1",
        "SPIDER_MIDDLEWARES=none",
        "SPIDER_MODULES=nosuch",
        "LOG_ENCODING=nosuch",
        "LOG_FORMAT=%(bad)s",
        "LOG_FORMAT=%d",
        "SUPPRESSION_KEY_FILE=/dev/null",
        "SUPPRESSION_KEY_FILE=/nowhere/key",
    ],
)
def test_what_cannot_be_used_is_named_with_its_value_and_what_can(given):
    name, _, value = given.partition("=")
    told = fault(name, value)
    assert told is not None
    assert told.startswith(f"{given} is not usable: give ") or value in told
    assert " give " in told


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("ROBOTSTXT_OBEY", "no", False),
        ("FACES_ENABLED", "TRUE", True),
        ("LOG_LEVEL", "warning", "WARNING"),
        ("FACE_DEVICE", "CPU", "cpu"),
        ("TRUST_LEVELS", '{"iafd": "HIGH"}', {"iafd": "high"}),
        ("RETRY_HTTP_CODES", "500,502", [500, 502]),
        ("RETRY_HTTP_CODES", "[500]", [500]),
        ("MAX_ATTEMPTS", " 7 ", 7),
        ("CLOSESPIDER_TIMEOUT", "1.5", 1.5),
        ("JOBDIR", "", None),
    ],
)
def test_a_text_becomes_the_value_that_scrapy_reads_as_well(name, text, value):
    found = settings(**{name: text})
    check_settings(found)
    assert found[name] == value
    assert found.getpriority(name) == 40


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("REQUEST_PER_DAY", "REQUESTS_PER_DAY"),
        ("max_attempts", "MAX_ATTEMPTS"),
        ("RETENTION", "RETENTION_DAYS"),
        ("CLOSESPIDER_ITEMCOUNTS", "CLOSESPIDER_ITEMCOUNT"),
        ("BABEPEDIA_BASEURL", "BABEPEDIA_BASE_URL"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest(given, meant):
    assert f"{given} is no setting: did you mean {meant}?" in str(fault(given, "1"))


def test_a_name_that_is_like_no_other_is_refused_unless_the_settings_module_has_it(monkeypatch):
    assert "One of another package belongs in your settings module" in str(fault("ZYX", "1"))
    monkeypatch.setenv("SCRAPY_SETTINGS_MODULE", __name__)
    monkeypatch.setitem(globals(), "ZYX", 0)
    assert fault("ZYX", "1") is None
    assert fault("PLAYWRIGHT_MAX_CONTEXTS", "1") is None


@pytest.mark.parametrize("name", ["FEEDS", "FEED_URI", "HTTPCACHE_ENABLED"])
def test_scrapy_s_ways_out_are_refused(name):
    value = '{"out.csv": {"format": "csv"}}' if name == "FEEDS" else "1"
    assert "is not usable" in str(fault(name, value))


@pytest.mark.parametrize("name", ["STATE_DIR", "INDEX_DIR", "KEEP_PHOTOS", "JOBDIR"])
def test_a_folder_that_is_a_file_or_lies_in_one_is_refused(name, tmp_path):
    file = tmp_path / "file"
    file.touch()
    for folder in (file, file / "a"):
        told = fault(name, str(folder))
        assert told.startswith(f"{name}={str(folder)[:40]}")  # a long value is cut
        assert told.endswith(f" is not usable: give a folder to write to ({file} is none)")
    assert fault(name, str(tmp_path / "new" / "one")) is None
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("name", "value"),
    [("TRUST_LEVELS", "high"), ("DELAY_FLOORS", 5), ("CHECK_PERFORMERS", 1)],
)
def test_a_table_s_misspelt_source_is_refused_with_the_nearest(name, value):
    told = fault(name, json.dumps({"babepdia": value}))
    assert told == f"{name} names babepdia, which is no source: did you mean babepedia?"
    for source in ("iafd", "import", "stashbox", "stashbox:fansdb"):
        assert fault(name, json.dumps({source: value})) is None


def test_the_log_s_folder_is_made_and_components_are_looked_up(tmp_path):
    log = tmp_path / "logs" / "crawl.log"
    database = f"sqlite:///{tmp_path}/data/x.db"
    check_crawl(settings(LOG_FILE=str(log), DATABASE_URL=database))
    assert log.exists()
    for name, value in [
        ("LOG_FILE", str(tmp_path)),
        ("LOG_FILE", str(log / "x.log")),
        ("SCHEDULER", "nosuch.Scheduler"),
        ("DUPEFILTER_CLASS", "scrapy.dupefilters.Nothing"),
        ("EXTENSIONS", '{"nosuch.Extension": 1}'),
        ("DOWNLOAD_HANDLERS", '{"http": "nosuch.Handler"}'),
    ]:
        with pytest.raises(BadSetting, match=name):
            check_crawl(settings(**{"DATABASE_URL": database, name: value}))


def test_an_empty_variable_is_as_good_as_none(monkeypatch):
    monkeypatch.setenv("FACE_DEVICE", "")
    assert project_settings._read_environment("FACE_DEVICE", "auto") == "auto"
    monkeypatch.setenv("FACE_DEVICE", "cpu")
    assert project_settings._read_environment("FACE_DEVICE", "auto") == "cpu"


def test_the_words_for_what_is_allowed():
    assert describe_allowed("LOOKUPS_IN_PROGRESS") == "a whole number from 1 to 10,000"
    assert describe_allowed("CIRCUIT_PAUSE") == "a number of seconds from 0 to 31,536,000"
    assert describe_allowed("DRY_RUN") == "1 or 0"
