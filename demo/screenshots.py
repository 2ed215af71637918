"""``python -m demo.screenshots DATABASE FOLDER``: the gallery of a database, page by page, as PNG.

Served as ``scrapy gallery`` serves it, and looked at with the Chromium that the crawls use.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from enrichscrapy.core.browser import HOW_TO_INSTALL, find_browser
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.gallery.pages import Gallery
from enrichscrapy.gallery.serving import GalleryServer
from enrichscrapy.review.desk import ReviewDesk
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.verdicts import Limits

PAGES = {
    "overview": "",
    "performers": "performers",
    "waiting": "performers?show=waiting",
    "review": "review",
    "proposals": "proposals",
    "hosts": "hosts",
}
SCHEMES = ("light", "dark")
HEIGHT = 860


@contextmanager
def open_gallery(database: Path, index_dir: Path | None = None) -> Iterator[GalleryServer]:
    """The gallery of a database file, served until the block ends."""
    genders = {"babepedia": "FEMALE", "iafd": None}
    with PerformerDatabase(database, create=False) as opened:
        desk = ReviewDesk(opened, Limits(5, 20))
        gallery = Gallery(desk, index_dir or database.with_name("index"), genders)
        with GalleryServer(gallery) as server:
            yield server


@contextmanager
def open_browser() -> Iterator[Browser]:
    """``BadSetting`` where there is no Chromium."""
    found = find_browser(read_settings({}).CHROMIUM_PATH)
    if found is None:
        raise BadSetting(f"no Chromium to take screenshots with: {HOW_TO_INSTALL}")
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def take_screenshots(
    database: Path,
    folder: Path,
    pages: Sequence[str] = tuple(PAGES),
    widths: Sequence[int] = (1280, 390),
    schemes: Sequence[str] = SCHEMES,
    *,
    full_page: bool = False,
    performer_id: int | None = None,
) -> list[Path]:
    """Files ``overview-1280-light.png`` and so on; ``performer_id`` adds that performer's page."""
    folder.mkdir(parents=True, exist_ok=True)
    addresses = {name: PAGES[name] for name in pages}
    if performer_id is not None:
        addresses["performer"] = f"performers/{performer_id}"
    taken = []
    with open_gallery(database) as server, open_browser() as browser:
        for width in widths:
            for scheme in schemes:
                context = browser.new_context(
                    viewport={"width": width, "height": HEIGHT},
                    color_scheme="dark" if scheme == "dark" else "light",
                )
                page = context.new_page()
                for name, address in addresses.items():
                    page.goto(server.link(address), wait_until="networkidle")
                    taken.append(folder / f"{name}-{width}-{scheme}.png")
                    page.screenshot(path=taken[-1], full_page=full_page)
                context.close()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description="Take screenshots of the gallery of a database.")
    parser.add_argument("database", type=Path)
    parser.add_argument("folder", type=Path, help="where to write them")
    parser.add_argument("--pages", nargs="+", choices=list(PAGES), default=list(PAGES))
    parser.add_argument("--performer", type=int, help="this performer's page as well, by id")
    parser.add_argument("--widths", nargs="+", type=int, default=[1280, 390])
    parser.add_argument(
        "--schemes", nargs="+", choices=["light", "dark"], default=["light", "dark"]
    )
    parser.add_argument("--full-page", action="store_true", help="all of it, not the first screen")
    options = parser.parse_args()
    for path in take_screenshots(
        options.database,
        options.folder,
        options.pages,
        options.widths,
        options.schemes,
        full_page=options.full_page,
        performer_id=options.performer,
    ):
        print(path)


if __name__ == "__main__":
    main()
