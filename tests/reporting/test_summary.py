import pytest

from enrichscrapy.items import Outcome, PhotoOutcome, Verdict
from enrichscrapy.reporting.summary import SummaryLine, describe_ending, join_counts, list_counts

pytestmark = pytest.mark.on_both()


def test_counts_come_in_the_order_of_the_stages_with_their_reasons():
    stats = {
        "faces/accepted": 3,
        "faces/accepted/match": 2,
        "faces/accepted/agreeing_photos": 1,
        "lookups/found": 2,
        "lookups/absent": 0,
        "lookups/started": 2,
        "photos/faces": 3,
        "requests/sent": 5,
        "index/faces": 9,
        "downloader/request_count": 7,
    }
    assert list(list_counts(stats)) == [
        SummaryLine("lookups", "found", 2),
        SummaryLine("photos", "with a face", 3),
        SummaryLine(
            "faces",
            "accepted",
            3,
            (
                ("matches the trusted faces", 2),
                ("no face is trusted yet; the page's photos agree", 1),
            ),
        ),
        SummaryLine("requests", "sent", 5),
        SummaryLine("index", "faces published", 9),
    ]


def test_what_has_no_words_is_shown_by_its_name():
    (line,) = list_counts({"requests/something_new": 4})
    assert line == SummaryLine("requests", "something new", 4)


def test_every_outcome_and_verdict_has_words_of_its_own():
    stats = {f"lookups/{outcome}": 1 for outcome in Outcome}
    stats |= {f"photos/{outcome}": 1 for outcome in PhotoOutcome}
    stats |= {f"faces/{verdict}": 1 for verdict in Verdict}
    lines = list(list_counts(stats))
    assert len({(line.section, line.words) for line in lines}) == len(stats)


def test_one_line_for_a_log():
    stats = {"lookups/found": 1200, "lookups/failed": 1, "faces/accepted": 2}
    told = join_counts(list(list_counts(stats)))
    assert told == "lookups: 1,200 found, 1 failed; faces: 2 accepted"


def test_endings_are_told_in_words():
    assert describe_ending("budget") == "the day's requests are used up"
    assert describe_ending("closespider_itemcount") == "closespider itemcount"
