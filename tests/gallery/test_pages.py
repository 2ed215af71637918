"""Every page in a real browser, by keyboard alone; wide, on a phone, light and dark."""

import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from enrichscrapy.gallery.figures import NEW_VISIT
from enrichscrapy.gallery.people import Show
from enrichscrapy.items import Profile, Verdict
from tests.browser import watch
from tests.gallery.conftest import serve
from tests.sample_database import ACCEPTED, HOSTILE_NAME, OWN, WAITING, open_sample
from tests.support import open_database

pytestmark = pytest.mark.on_both()

PAGES = ["", "performers", "performers/1", "performers/1/forget", "review", "proposals", "hosts"]
HEADINGS = ["What to do", "Performers", "Ada Demo", "Proposals", "How the sites receive the crawls"]


@pytest.fixture(scope="module")
def filled(filled):
    """With what a page said besides."""
    page = "https://www.babepedia.com/babe/Person_1"
    said = Profile("Ada Demo", page, aliases=("Ada Third",), links={"x": ("https://x.com/ada",)})
    filled.lookup(1, profile=said)
    return filled


@contextmanager
def opened(browser, server, page="", **context):
    with watch(browser, **context) as seen:
        seen.page.goto(server.link(page))
        yield seen.page
        seen.assert_clean(server.link())


def heading(page):
    return page.locator("h1")


def test_every_page_by_its_key(browser, shown):
    with opened(browser, shown, "hosts") as page:
        for key, told in zip("12345", HEADINGS, strict=True):
            page.keyboard.press(key)
            expect(heading(page)).to_contain_text(told)
            expect(page.locator("nav.top [aria-current]")).to_have_count(1)
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        page.keyboard.press("2")  # means nothing while the keys are shown
        page.keyboard.press("Escape")
        expect(page.locator("#keys")).to_be_hidden()
        expect(heading(page)).to_contain_text("How the sites")


def test_the_overview_leads_to_what_is_to_do(browser, shown):
    with opened(browser, shown) as page:
        expect(page.locator("#standing svg.chart")).to_have_count(4)
        told = page.locator(".todo li").all_inner_texts()
        assert [re.sub(r"[\d,]+\s+", "", line).split("\n")[0] for line in told] == [
            "faces wait for you",
            "proposals from pages",
            "lookups were given up",
            "host is left alone for now",
            "lookups are due",
        ]
        links = [link.get_attribute("href") for link in page.locator(".todo a").all()]
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        page.keyboard.press("Enter")
        expect(heading(page)).to_contain_text("Ada Demo")
        counts = [int(re.match(r"[\d,]+", line)[0]) for line in told]
        for link, count in zip(links, counts, strict=True):
            page.goto(shown.link(link.partition(shown.secrets.base + "/")[2]))
            assert page.locator("[data-item], #card, table tr").count() > 0, (link, count)


@pytest.mark.long
def test_finding_somebody_and_turning_pages(browser, shown):
    with opened(browser, shown) as page:
        page.keyboard.press("/")
        expect(page.locator("#find")).to_be_focused()
        page.keyboard.type("bea")
        page.keyboard.press("Enter")
        expect(page.locator(".row")).to_have_count(5)  # one of them by markup in the name
        assert page.locator(".people b b, .people script").count() == 0
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(heading(page)).to_contain_text(HOSTILE_NAME[:20])
        page.goto(shown.link("performers"))
        expect(page.locator(".row")).to_have_count(40)
        page.keyboard.press("n")
        expect(page.locator(".row")).to_have_count(21)
        page.keyboard.press("p")
        expect(page.locator(".row")).to_have_count(40)
        page.goto(shown.link("performers?show=waiting&find=nobody"))
        expect(page.locator("main")).to_contain_text("Nobody here is called “nobody” and waiting")


@pytest.mark.long
def test_pictures_are_small_and_come_when_they_are_seen(browser, shown):
    with opened(browser, shown, "performers?show=waiting") as page:
        page.wait_for_load_state("networkidle")
        sizes = page.evaluate(
            "[...document.querySelectorAll('.thumb img')].slice(0, 5).map(i => i.naturalWidth)"
        )
        assert sizes == [112] * 5


@pytest.mark.long
def test_one_performer_face_by_face(browser, shown, filled):
    performer_id = filled.performer("Vera Demo")
    filled.lookup(performer_id, source="import", faces=[OWN])
    first, second, known = filled.lookup(performer_id, faces=[WAITING, WAITING, ACCEPTED])
    with opened(browser, shown, f"performers/{performer_id}") as page:
        told = page.locator("#message")
        expect(page.locator(".beside img")).to_have_count(2)
        expect(page.locator("#h-story ~ p").first).to_contain_text("Your own photos")
        page.keyboard.press("j")
        page.keyboard.press("a")
        expect(told).to_contain_text(": accepted, and used as a reference")
        page.keyboard.press("r")  # the mark has stayed where it was
        expect(told).to_contain_text(": rejected; undo")
        expect(page.locator(".face[data-verdict=rejected]")).to_have_count(1)
        page.locator(".face[data-verdict=rejected]").focus()
        page.keyboard.press("u")
        expect(told).to_contain_text("undone: quarantined as before")
        page.keyboard.press("ArrowDown")
    verdicts = {filled.database.faces.get(n).verdict for n in (first, second)}
    assert verdicts == {Verdict.ACCEPTED, Verdict.QUARANTINED}
    assert filled.database.faces.get(known).verdict is Verdict.ACCEPTED


def test_forgetting_asks_and_is_final(browser, shown, filled):
    performer_id = filled.performer("Zita Demo")
    (face_id,) = filled.lookup(performer_id, faces=[WAITING])
    with opened(browser, shown, f"performers/{performer_id}/forget") as page:
        page.locator("button.reject").focus()
        page.keyboard.press("Enter")  # not without saying who is meant
        assert filled.database.get_performer(performer_id) is not None
        page.locator("[name=sure]").focus()
        page.keyboard.press("Space")
        page.keyboard.press("Enter")
        expect(heading(page)).to_have_text("Forgotten")
        expect(page.locator("main")).to_contain_text("What this program cannot reach")
    assert filled.database.get_performer(performer_id) is None
    assert filled.database.faces.get(face_id) is None
    with watch(browser) as seen:
        assert seen.page.goto(shown.link(f"faces/{face_id}.webp")).status == 404
        assert seen.page.goto(shown.link(f"performers/{performer_id}")).status == 404


def test_figures_follow_what_others_write(server, sample, tmp_path, monkeypatch):
    monkeypatch.setattr("enrichscrapy.gallery.figures.REST", 0.0)
    figures = server.gallery.figures

    def count():
        return figures.people()[Show.EVERYBODY], figures.status().coverage.performers

    assert count() == (0, 0)
    with open_database(tmp_path / "performers.db") as other:
        other.add_performer("Ada Demo")
    assert count() == (1, 1)


@pytest.mark.long
def test_proposals_and_hosts_by_keyboard(browser, shown, filled):
    with opened(browser, shown, "proposals") as page:
        expect(page.locator(".proposals li")).to_have_count(2)
        page.keyboard.press("j")
        page.keyboard.press("a")
        expect(page.locator("#message")).to_contain_text("alias Ada Third of performer 1: accepted")
        assert filled.database.get_performer(1).aliases == ("Ada Third",)
        page.keyboard.press("r")  # the mark is on the next one
        expect(page.locator("#message")).to_contain_text("https://x.com/ada of performer 1: rejec")
        expect(page.locator("main")).to_contain_text("None.")
        page.goto(shown.link("proposals?state=accepted"))
        page.keyboard.press("j")
        page.keyboard.press("r")
        expect(page.locator("#message")).to_contain_text("Ada Third of performer 1: rejected")
        assert filled.database.get_performer(1).aliases == ()
        page.goto(shown.link("proposals?state=rejected"))
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(heading(page)).to_contain_text("Ada Demo")
        page.keyboard.press("5")
        expect(page.locator("main")).to_contain_text("left alone")
        expect(page.locator("main")).to_contain_text("http 500")


@pytest.mark.long
def test_the_session_is_undone_as_a_whole(browser, server, sample):
    faces = sample.lookup(sample.performer(), faces=[WAITING] * 3)
    server.gallery.desk.accept(faces[0])
    server.gallery.desk.reject_rest(faces[1])
    with opened(browser, server, "review") as page:
        expect(page.locator("#end")).to_be_visible()
        page.keyboard.press("u")  # what other pages did, too
        expect(page.locator("#place")).to_have_text("0 decided, 2 left")
        page.locator("#session summary").press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#place")).to_have_text("0 decided, 3 left")
    assert {sample.database.faces.get(n).verdict for n in faces} == {Verdict.QUARANTINED}


@pytest.mark.long
def test_the_rest_of_a_page_by_one_key(browser, server, sample):
    one, other = sample.performer("Ada Demo"), sample.performer("Bea Demo")
    mine = sample.lookup(one, faces=[WAITING] * 3)
    (theirs,) = sample.lookup(other, faces=[WAITING])
    with opened(browser, server, "review") as page:
        expect(page.locator("#others .tile")).to_have_count(2)
        page.keyboard.press("Shift+R")
        expect(page.locator("#name")).to_contain_text("Bea Demo")
        expect(page.locator("#place")).to_have_text("3 decided, 1 left")
        page.keyboard.press("u")
        expect(page.locator("#name")).to_contain_text("Ada Demo")
        expect(page.locator("#place")).to_have_text("0 decided, 4 left")
    assert {sample.database.faces.get(n).verdict for n in (*mine, theirs)} == {Verdict.QUARANTINED}


@pytest.mark.long
def test_what_came_since_the_last_visit(server, sample, browser):
    sample.lookup(sample.performer("Ada Demo"), faces=[ACCEPTED])
    with opened(browser, server) as page:
        expect(page.locator("main")).to_contain_text("This is the first visit")
        sample.clock.now += NEW_VISIT + 1
        sample.lookup(sample.performer("Bea Demo"), faces=[ACCEPTED, WAITING, WAITING])
        page.reload()
        news = "1 face accepted, 2 waiting, 1 lookup."
        expect(page.locator("main")).to_contain_text(news)
        page.reload()  # the same visit
        expect(page.locator("main")).to_contain_text(news)
        page.locator("a[href*='show=new']").press("Enter")
        expect(page.locator(".row b")).to_have_text(["Bea Demo"])


@pytest.fixture(scope="module")
def nobody(tmp_path_factory):
    made = open_sample(tmp_path_factory.mktemp("nobody") / "performers.db")
    with serve(made) as served:
        yield served
    made.database.close()


@pytest.mark.long
def test_an_empty_database_has_words(browser, nobody):
    with opened(browser, nobody) as page:
        for name, told in (
            ("", "Nothing waits, and nothing is due"),
            ("performers", "There is nobody yet: scrapy import-performers"),
            ("performers?show=due", "Nobody."),
            ("review", "No face waits for a decision."),
            ("proposals", "None."),
            ("hosts", "No host was asked yet."),
        ):
            page.goto(nobody.link(name))
            expect(page.locator("main")).to_contain_text(told)


@pytest.mark.long
def test_nothing_overflows_a_phone_and_dark_is_dark(browser, shown):
    with opened(browser, shown, viewport={"width": 390, "height": 800}) as page:
        for name in PAGES:
            page.goto(shown.link(name))
            expect(page.locator("[aria-busy=true]")).to_have_count(0)
            overflow = "document.documentElement.scrollWidth - innerWidth"
            assert page.evaluate(overflow) <= 0, name
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                background = page.evaluate("getComputedStyle(document.body).backgroundColor")
                shade = sum(map(int, re.findall(r"\d+", background)[:3]))
                assert (shade < 300) == (scheme == "dark"), name
