"""The review page in a real browser, worked by keyboard alone."""

from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from enrichscrapy.items import Verdict
from tests.browser import watch
from tests.sample_database import ACCEPTED, HOSTILE_NAME, OWN, WAITING


@contextmanager
def opened(browser, server, page="review", **context):
    """The page, once its first face (or its end) is shown."""
    with watch(browser, **context) as seen:
        seen.page.goto(server.link(page))
        seen.page.wait_for_selector("#card:not([hidden]), #end:not([hidden])")
        yield seen
        seen.assert_clean(server.link())


def press(page, key, told):
    """Press a key and wait until the page says what came of it."""
    page.keyboard.press(key)
    expect(page.locator("#message")).to_contain_text(told)
    expect(page.locator("body")).to_have_attribute("aria-busy", "false")


def verdicts(sample, face_ids):
    return [sample.database.faces.get(face_id).verdict for face_id in face_ids]


def test_accept_reject_skip_and_undo_by_keyboard(browser, server, sample):
    performer_id = sample.performer("Ada Demo")
    sample.lookup(performer_id, source="import", faces=[OWN, OWN])
    faces = sample.lookup(performer_id, faces=[WAITING] * 4)
    with opened(browser, server) as seen:
        page = seen.page
        assert page.locator("#name").inner_text().startswith("Ada Demo")
        assert page.locator("#known .tile").count() == 2
        press(page, "a", f"Face {faces[0]}: accepted, and used as a reference")
        expect(page.locator("#known .tile")).to_have_count(3)
        press(page, "r", f"Face {faces[1]}: rejected")
        press(page, "u", f"Face {faces[1]}: undone")
        press(page, "s", "Skipped")
        press(page, "Shift+A", f"Face {faces[2]}: accepted")
        press(page, "r", f"Face {faces[3]}: rejected")
        expect(page.locator("#message")).to_contain_text("Now those that you skipped")
        press(page, "r", f"Face {faces[1]}: rejected")
        page.wait_for_selector("#end:not([hidden])")
        assert "All decided" in page.locator("#end").inner_text()
    accepted, rejected = Verdict.ACCEPTED, Verdict.REJECTED
    assert verdicts(sample, faces) == [accepted, rejected, accepted, rejected]
    assert not sample.database.faces.get(faces[2]).trusted


def test_an_empty_queue_says_so(browser, server):
    with opened(browser, server) as seen:
        page = seen.page
        assert page.locator("#end").inner_text() == "No face waits for a decision."
        page.keyboard.press("a")
        page.keyboard.press("u")


def test_names_are_text(browser, server, sample):
    sample.lookup(sample.performer(HOSTILE_NAME), faces=[ACCEPTED, WAITING])
    with opened(browser, server) as seen:
        page = seen.page
        assert "</script><script>boom()" in page.locator("#name").inner_text()
        assert page.locator("#name b").count() == 0


@pytest.mark.long
def test_a_face_decided_elsewhere_meanwhile_does_not_stop_the_work(browser, server, sample):
    first, second = (sample.lookup(sample.performer(), faces=[WAITING])[0] for _ in range(2))
    with opened(browser, server) as seen:
        page = seen.page
        with sample.database.write() as connection:
            connection.exec_driver_sql(f"DELETE FROM faces WHERE id = {first}")
        page.keyboard.press("a")
        expect(page.locator("#facts")).to_contain_text(f"face {second} ")
        assert "there is no face" in page.locator("#message").inner_text()
        assert [text for text in seen.complaints if "409" not in text] == []
        seen.complaints.clear()
        press(page, "a", f"Face {second}: accepted")
        page.wait_for_selector("#end:not([hidden])")


@pytest.mark.long
def test_many_faces_without_a_mouse(browser, server, sample):
    """A key held down or hit too early never decides a face that is not on the screen."""
    total = 30
    for _ in range(total // 3):
        sample.lookup(sample.performer(), faces=[WAITING] * 3)
    keys = """async (total) => {
      const shown = () => document.getElementById('facts').textContent;
      for (let done = 0; done < total; done += 1) {
        const before = shown(), key = done % 3 ? 'r' : 'a';
        for (const repeat of [false, true, false]) {
          document.dispatchEvent(new KeyboardEvent('keydown', {key, repeat, bubbles: true}));
        }
        while (shown() === before && document.getElementById('end').hidden) {
          await new Promise((next) => setTimeout(next, 1));
        }
      }
    }"""
    with opened(browser, server) as seen:
        page = seen.page
        page.evaluate(keys, total)
        assert page.locator("#place").inner_text() == f"{total} decided, 0 left"
    assert server.gallery.desk.counts == {"accepted": total // 3, "rejected": 2 * total // 3}


def test_the_buttons_stay_on_a_phones_screen(browser, server, sample):
    performer_id = sample.performer("A Name That Is Rather Long For A Telephone Demonstration")
    sample.lookup(performer_id, faces=[ACCEPTED] * 5 + [WAITING])
    with opened(browser, server, viewport={"width": 360, "height": 740}) as seen:
        page = seen.page
        overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(overflow) == 0
        assert page.locator("#accept").bounding_box()["y"] < 740
