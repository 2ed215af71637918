import html
import json
import os
import re
import stat

import pytest

from enrichscrapy.items import Outcome
from enrichscrapy.reporting.report import json_block, write_report
from enrichscrapy.reporting.sheet import BLOCK, contact_sheet
from tests.browser import file_url, open_browser, watch
from tests.sample_database import ACCEPTED, HOSTILE_NAME, REJECTED, WAITING, fill, open_sample

SOURCES = {"babepedia": "FEMALE", "iafd": None}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of a hundred and sixty performers, one of them hostile."""
    folder = tmp_path_factory.mktemp("report")
    sample = fill(open_sample(folder / "performers.db"), 160)
    sample.lookup(161, Outcome.FAILED, detail="<img src=x onerror=boom()>")
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
    assert sample.database.artefacts.list_paths("report") == [path]
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
    block = str(json_block([text]))
    assert not re.search(r"[<>&\u2028]", block)
    assert json.loads(block) == [text]


def test_the_sheet_counts_and_limits_its_pictures(sample):
    first, second = sample.performer("Ada Demo"), sample.performer("Bea Demo")
    sample.lookup(first, faces=[ACCEPTED, WAITING, REJECTED])
    sample.lookup(second, Outcome.ABSENT)
    sample.performer("Never Lookedup")
    with sample.database.read() as connection:
        sheet = contact_sheet(connection, sample.model_id, max_crops=1)
        (block,) = list(sheet.blocks)
    assert sheet.index == [
        [1, "Ada Demo", 0, 1, 1, 1, 0, "babepedia: found"],
        [2, "Bea Demo", 0, 0, 0, 0, 0, "babepedia: absent"],
    ]
    pictures = {face[2]: bool(face[-1]) for face in block[0]}
    assert pictures == {"accepted": False, "quarantined": True, "rejected": False}
    assert block[1] == []


def test_a_sheet_of_many_comes_in_blocks(filled):
    with filled.database.read() as connection:
        sheet = contact_sheet(connection, filled.model_id, max_crops=0)
        blocks = list(sheet.blocks)
    assert [len(block) for block in blocks] == [BLOCK, len(sheet.index) - BLOCK]


def test_the_report_in_a_real_browser_by_keyboard(browser, report):
    with watch(browser, viewport={"width": 1200, "height": 900}) as seen:
        page = seen.page
        page.goto(file_url(report.path))
        people = page.locator(".person")
        assert people.count() == 20
        assert page.locator("#count").inner_text() == "140 of 140"

        page.keyboard.press("n")
        assert page.locator("#page").inner_text() == "2 of 7"
        page.keyboard.press("p")
        assert page.locator("#page").inner_text() == "1 of 7"

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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_overflows_a_phone(browser, report, scheme):
    context = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme}
    with watch(browser, **context) as seen:
        seen.page.goto(file_url(report.path))
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert seen.page.evaluate(overflow) == 0
        background = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", background)[:3])) < 300) == (scheme == "dark")
        seen.assert_clean(file_url(report.path))


def test_filters_show_whom_they_name(browser, report):
    with watch(browser) as seen:
        page = seen.page
        page.goto(file_url(report.path))
        page.select_option("#show", "4")
        page.select_option("#order", "4")
        shown = page.locator(".person")
        assert shown.count() == 20
        assert all(" waiting" in text for text in shown.locator("header").all_inner_texts())
        page.fill("#find", "#3")
        page.select_option("#show", "")
        assert page.locator(".person h3").all_inner_texts() == ["Cleo Demo"]
        seen.assert_clean(file_url(report.path))
