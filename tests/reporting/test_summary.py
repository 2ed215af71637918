from enrichscrapy.items import Outcome, PhotoOutcome, Verdict
from enrichscrapy.reporting.summary import Line, ending, one_line_summary, summary


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
    assert list(summary(stats)) == [
        Line("lookups", "found", 2),
        Line("photos", "with a face", 3),
        Line(
            "faces",
            "accepted",
            3,
            (
                ("matches the trusted faces", 2),
                ("no face is trusted yet; the page's photos agree", 1),
            ),
        ),
        Line("requests", "sent", 5),
        Line("index", "faces published", 9),
    ]


def test_what_has_no_words_is_shown_by_its_name():
    (line,) = summary({"requests/something_new": 4})
    assert line == Line("requests", "something new", 4)


def test_every_outcome_and_verdict_has_words_of_its_own():
    stats = {f"lookups/{outcome}": 1 for outcome in Outcome}
    stats |= {f"photos/{outcome}": 1 for outcome in PhotoOutcome}
    stats |= {f"faces/{verdict}": 1 for verdict in Verdict}
    lines = list(summary(stats))
    assert len({(line.section, line.words) for line in lines}) == len(stats)


def test_one_line_for_a_log():
    stats = {"lookups/found": 1200, "lookups/failed": 1, "faces/accepted": 2}
    told = one_line_summary(list(summary(stats)))
    assert told == "lookups: 1,200 found, 1 failed; faces: 2 accepted"


def test_endings_are_told_in_words():
    assert ending("budget") == "the day's requests are used up"
    assert ending("closespider_itemcount") == "closespider itemcount"
