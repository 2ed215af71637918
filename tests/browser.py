"""A real headless Chromium for the tests of pages, and what it must never do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from enrichscrapy.core.browser import HOW_TO_INSTALL, find_browser
from enrichscrapy.settings_reader import read_settings


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Skips the test, saying why, where no Chromium starts."""
    found = find_browser(read_settings({}).CHROMIUM_PATH)
    if found is None:
        pytest.skip(f"no Chromium to test pages with: {HOW_TO_INSTALL}")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=arguments)
        except Error as error:
            pytest.skip(f"no Chromium to test pages with: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page and everything it did: requests it sent, errors and warnings it showed."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def assert_clean(self, *allowed: str) -> None:
        """No error, no warning, and no request but to addresses that begin with one of these."""
        assert self.complaints == []
        beginnings = ("data:", "blob:", *allowed)
        assert [url for url in self.requests if not url.startswith(beginnings)] == []


@contextmanager
def watch(browser: Browser, **context: Any) -> Iterator[Watched]:
    """A page that is being watched, in a context of its own (viewport, colour scheme, …) or, which
    takes a third of the time, in the one that all share, without the cookies of those before it."""
    shared = browser.contexts[0] if browser.contexts else browser.new_context()
    shared.clear_cookies()
    opened = browser.new_context(**context) if context else shared
    watched = Watched(opened.new_page())
    watched.page.on("request", lambda request: watched.requests.append(request.url))
    watched.page.on("pageerror", lambda error: watched.complaints.append(str(error)))
    watched.page.on(
        "console",
        lambda message: (
            watched.complaints.append(message.text)
            if message.type in ("error", "warning")
            else None
        ),
    )
    try:
        yield watched
    finally:
        (opened if context else watched.page).close()


def file_url(path: Path) -> str:
    return path.absolute().as_uri()
