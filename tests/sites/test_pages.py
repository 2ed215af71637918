"""Every form in which the sites are known to answer: a page, and what must be read from it."""

import dataclasses
import json
from pathlib import Path

import pytest
from parsel import Selector

from enrichscrapy.sites import PageKind, find_sites

PAGES = Path(__file__).parent.parent / "pages"
EXPECTED = sorted(path for site in find_sites() for path in (PAGES / site).glob("*.json"))
ANYWHERE = sorted((PAGES / "any").glob("*.html"))


def read_selector(expected: Path) -> Selector:
    page = expected.with_suffix(".html")
    if page.exists():
        return Selector(page.read_text(encoding="utf-8"))
    return Selector(expected.with_suffix(".txt").read_text(encoding="utf-8"), type="json")


def as_json(record) -> dict:
    """A profile or a search result, as its expected file writes it."""
    fields = dataclasses.asdict(record)
    for name in fields.keys() & {"birth_date", "death_date"}:
        date = getattr(record, name)
        fields[name] = str(date) if date else None
    if not fields.get("former_ids"):
        fields.pop("former_ids", None)  # only stash-boxes have them
    return json.loads(json.dumps(fields))


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_page_is_read_as_expected(path):
    site = find_sites()[path.parent.name]
    expected = json.loads(path.read_text(encoding="utf-8"))
    selector = read_selector(path)

    kind = site.classify(selector, expected["url"])
    assert kind.value == expected["kind"]
    if kind is PageKind.PROFILE:
        profile = site.parse_profile(selector, expected["url"])
        assert as_json(profile) == expected["profile"]
    if kind is PageKind.SEARCH:
        results = site.parse_search(selector, expected["url"])
        assert [as_json(result) for result in results] == expected["results"]


@pytest.mark.parametrize("site", find_sites().values(), ids=find_sites())
@pytest.mark.parametrize("page", ANYWHERE, ids=lambda page: page.stem)
def test_what_no_site_says_of_itself_is_unknown(site, page):
    selector = Selector(page.read_text(encoding="utf-8"))
    for url in (*site.profile_urls("Nora Vesterlund", None), site.search_url("Nora Vesterlund")):
        assert site.classify(selector, url) is PageKind.UNKNOWN


def test_every_page_has_its_expected_file():
    pages = {path.with_suffix("") for site in find_sites() for path in (PAGES / site).iterdir()}
    assert len(EXPECTED) == len(pages) > 30
