import html
import json
import os
import re
import stat

import pytest

from enrichscrapy.database import PerformerDatabase
from enrichscrapy.items import Outcome
from enrichscrapy.reporting.report import embed_json, write_report
from enrichscrapy.reporting.sheet import BLOCK, make_contact_sheet
from tests.browser import file_url, open_browser, watch
from tests.sample_database import (
    ACCEPTED,
    HOSTILE_NAME,
    REJECTED,
    WAITING,
    WEAKER,
    fill,
    open_sample,
)
from tests.support import list_artefacts

pytestmark = pytest.mark.on_both()

SOURCES = {"babepedia": "FEMALE", "iafd": None}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of a hundred and sixty performers, one of them hostile."""
    folder = tmp_path_factory.mktemp("report")
    sample = fill(open_sample(folder / "performers.db"), 160)
    sample.lookup(161, Outcome.FAILED, detail="<img src=x onerror=boom()>")
    sample.lookup(161, source="iafd", faces=[WAITING])
    written = write_report(sample.database, folder / "index", SOURCES, folder / "report.html")
    yield written
    sample.database.close()


@pytest.fixture(scope="module")
def browser():
    with open_browser() as opened:
        yield opened


def test_the_report_is_private_registered_and_replaced_whole(sample, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("the old one")
    written = write_report(sample.database, tmp_path / "index", SOURCES, path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert list_artefacts(sample.database, "report") == [path]
    assert written.size == path.stat().st_size
    assert [entry.name for entry in tmp_path.glob("report*")] == ["report.html"]


def test_an_empty_database_makes_a_report_too(sample, tmp_path):
    write_report(sample.database, tmp_path / "index", SOURCES, tmp_path / "report.html")
    assert "Nothing was looked up yet" in (tmp_path / "report.html").read_text()


def test_the_page_names_no_address_that_a_browser_would_load(report):
    text = report.path.read_text()
    visible = re.sub(r"<script type=\"application/json\".*?</script>", "", text, flags=re.S)
    assert re.findall(r"(?:src|href)=\"(?!#|data:,)[^\"]+\"", visible) == []
    assert "url(" not in visible
    assert "default-src 'none'" in html.unescape(visible)


def test_names_from_pages_cannot_end_a_script_or_begin_a_tag(report):
    text = report.path.read_text()
    assert "<script>boom" not in text
    assert "<b>Bea" not in text
    assert "<img src=x" not in text


@pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028", "&amp;", HOSTILE_NAME])
def test_a_json_block_holds_any_text_and_is_still_json(text):
    block = str(embed_json([text]))
    assert not re.search(r"[<>&\u2028]", block)
    assert json.loads(block) == [text]


def test_the_sheet_has_every_face_that_waits_and_some_beside_them(sample):
    first, second = sample.performer("Ada Demo"), sample.performer("Bea Demo")
    sample.lookup(first, faces=[WEAKER, ACCEPTED, WAITING, WAITING, REJECTED])
    sample.lookup(second, faces=[ACCEPTED])
    with sample.database.read() as connection:
        sheet = make_contact_sheet(connection, sample.model_id, others=1)
        (block,) = list(sheet.blocks)
    assert sheet.index == [[1, "Ada Demo", 0, 2, 2, 1, 0, "babepedia: found"]]
    pictures = [(face[2], face[3], bool(face[-1])) for face in block[0]]
    assert pictures == [
        ("accepted", 0, False),
        ("accepted", 1, True),
        ("quarantined", 0, True),
        ("quarantined", 0, True),
        ("rejected", 0, False),
    ]


def test_a_sheet_of_many_comes_in_blocks(report, tmp_path):
    with (
        PerformerDatabase(report.path.with_name("performers.db")) as database,
        database.read() as connection,
    ):
        sheet = make_contact_sheet(connection, 1, others=0)
        blocks = list(sheet.blocks)
    assert [len(block) for block in blocks] == [BLOCK, len(sheet.index) - BLOCK]


def test_the_report_in_a_real_browser_by_keyboard(browser, report):
    with watch(browser, viewport={"width": 1200, "height": 900}) as seen:
        page = seen.page
        page.goto(file_url(report.path))
        people = page.locator(".person")
        assert people.count() == 20
        assert page.locator("#count").inner_text() == "56 of 56"

        page.keyboard.press("n")
        assert page.locator("#page").inner_text() == "2 of 3"
        page.keyboard.press("p")
        assert page.locator("#page").inner_text() == "1 of 3"

        page.keyboard.press("/")
        page.keyboard.type("bea")
        page.keyboard.press("Escape")
        assert "#2 " in people.first.inner_text()
        assert HOSTILE_NAME[:30] in people.last.inner_text()
        assert page.locator("#people script, #people b").count() == 0

        page.locator(".tile").first.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        assert page.locator("#closer").is_visible()
        assert "face" in page.locator("#closer-title").inner_text()
        page.keyboard.press("Escape")
        assert page.locator("#closer").is_hidden()
        assert page.evaluate("document.activeElement.className").startswith("tile")
        seen.assert_clean(file_url(report.path))


@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.long)])
@pytest.mark.long
def test_nothing_overflows_a_phone(browser, report, scheme):
    context = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme}
    with watch(browser, **context) as seen:
        seen.page.goto(file_url(report.path))
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert seen.page.evaluate(overflow) == 0
        background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 300) == (scheme == "dark")
        seen.assert_clean(file_url(report.path))


def test_those_with_most_to_decide_come_first(browser, report):
    with watch(browser) as seen:
        page = seen.page
        page.goto(file_url(report.path))
        told = page.locator(".person header").all_inner_texts()
        counts = [int(re.search(r"(\d+) waiting", text)[1]) for text in told]
        assert counts == sorted(counts, reverse=True)
        page.select_option("#order", "0")
        assert "#1 " in page.locator(".person").first.inner_text()
        page.fill("#find", "#2")
        assert page.locator(".person h3").all_inner_texts() == ["Bea Demo"]
        seen.assert_clean(file_url(report.path))
