import os
import stat

import pytest

from enrichscrapy.core.browser import find_browser, make_resolver_rules
from enrichscrapy.core.visit import split_host
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.settings_reader import read_settings


def program(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def bare(tmp_path, monkeypatch):
    """A machine without any browser."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("PLAYWRIGHT_BROWSERS_PATH", raising=False)
    return tmp_path


def test_no_browser(bare):
    assert find_browser() is None


def test_the_system_s(bare):
    assert find_browser() is None
    chrome = program(bare / "bin" / "google-chrome")
    assert find_browser() == chrome
    chromium = program(bare / "bin" / "chromium")
    assert find_browser() == chromium


def test_playwright_s_own_comes_first_the_newest_of_them(bare, monkeypatch):
    program(bare / "bin" / "chromium")
    cache = bare / "home" / ".cache" / "ms-playwright"
    program(cache / "chromium-999" / "chrome-linux" / "chrome")
    newest = program(cache / "chromium_headless_shell-1200" / "chrome-linux" / "headless_shell")
    program(cache / "ffmpeg-2000" / "ffmpeg-linux")
    monkeypatch.setattr("sys.platform", "linux")
    assert find_browser() == newest
    other = bare / "elsewhere"
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(other))
    moved = program(other / "chromium-1300" / "chrome-linux64" / "chrome")
    assert find_browser() == moved


def test_a_named_one_is_taken_or_refused(bare):
    program(bare / "bin" / "chromium")
    mine = program(bare / "mine")
    assert find_browser(read_settings({"CHROMIUM_PATH": str(mine)}).CHROMIUM_PATH) == mine
    mine.chmod(0o644)
    for path in (str(mine), str(bare), str(bare / "missing")):
        if os.geteuid() != 0 or path != str(mine):
            with pytest.raises(BadSetting, match="CHROMIUM_PATH"):
                read_settings({"CHROMIUM_PATH": path})


def test_nothing_resolves_but_what_is_named():
    rules = make_resolver_rules({"www.example.com:443": "192.0.2.7:443"})
    assert rules == "MAP www.example.com:443 192.0.2.7:443, MAP * ~NOTFOUND"
    assert make_resolver_rules({}) == "MAP * ~NOTFOUND"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://WWW.example.com/x", "www.example.com:443"),
        ("http://127.0.0.1:81/x", "127.0.0.1:81"),
        ("wss://www.example.com/socket", "www.example.com:443"),
        ("data:text/html,x", ":"),
        ("about:blank", ":"),
    ],
)
def test_host_and_port(url, expected):
    assert split_host(url) == expected
