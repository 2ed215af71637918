import json

import pytest

from enrichscrapy.items import Outcome, PhotoOutcome
from enrichscrapy.reporting.story import read_story
from enrichscrapy.reporting.tell import tell
from tests.sample_database import ACCEPTED, HOSTILE_NAME, OWN, REJECTED, WAITING

pytestmark = pytest.mark.on_both()


def told(sample, performer_id: int) -> str:
    return "\n".join(tell(read_story(sample.database, performer_id)))


def test_an_unknown_id_has_no_story(sample):
    assert read_story(sample.database, 99) is None


def test_a_performer_never_looked_up_says_so(sample):
    assert "Never looked up." in told(sample, sample.performer())


def test_the_story_names_lookups_photos_and_verdicts(sample):
    performer_id = sample.performer("Ada Demo", birth_date="1990-03")
    sample.lookup(performer_id, source="import", faces=[OWN])
    sample.lookup(
        performer_id,
        faces=[ACCEPTED, WAITING, REJECTED],
        photos=[(PhotoOutcome.LOW_QUALITY, "sharpness 2.1 < 4")],
    )
    text = told(sample, performer_id)
    assert "Performer 1: Ada Demo" in text
    assert "born 1990-03" in text
    assert "Your own photos" in text
    assert "babepedia, by link, on 2026-01-01 00:00Z: found" in text
    assert "4 photos from babepedia: 3 with a face, 1 of too low quality" in text
    assert "sharpness 2.1 < 4" in text
    assert "4 faces: 2 accepted, 1 waits for you, 1 rejected" in text
    assert "waits for you: neither near nor far enough to decide" in text
    assert "accepted up to 0.43" in text


def test_a_failure_tells_when_it_is_tried_again(sample):
    performer_id = sample.performer()
    sample.lookup(performer_id, Outcome.FAILED, detail="http 500")
    text = told(sample, performer_id)
    assert "failed: http 500" in text
    assert "due again after 1 failure at 2026-01-01 00:1" in text


def test_what_pages_say_cannot_write_to_the_terminal(sample):
    performer_id = sample.performer(HOSTILE_NAME)
    sample.lookup(performer_id, Outcome.FAILED, detail="title \x1b]0;owned\x07 \u202e end")
    text = told(sample, performer_id)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\x07" not in text


def test_the_story_is_json_too(sample):
    performer_id = sample.performer()
    sample.lookup(performer_id, faces=[ACCEPTED])
    story = json.loads(json.dumps(read_story(sample.database, performer_id).to_json()))
    assert story["photos"][0]["faces"][0]["verdict"] == "accepted"
