"""``scrapy calibrate``, as a user runs it, on made-up people stored as the user's own faces."""

import numpy as np
import pytest

from benchmarks._synthetic import make_people
from demo.stand_in import LocalBinaryPatterns
from enrichscrapy.database.ledger import RetryPolicy
from enrichscrapy.database.store import store_lookup
from enrichscrapy.faces.model import ModelOptions
from enrichscrapy.items import (
    Decision,
    Face,
    Lookup,
    Outcome,
    Photo,
    PhotoOutcome,
    ReferenceSiteMode,
    Verdict,
)
from enrichscrapy.verdicts import RULE_VERSION, Thresholds, fingerprint
from tests.support import Workplace

INFO = LocalBinaryPatterns.describe(ModelOptions())


@pytest.fixture
def place(tmp_path):
    return Workplace(tmp_path)


def store_people(place, source, count=12, photos=5):
    people = make_people(count, photos, seed=1)
    with place.database() as database:
        model_id = database.faces.ensure_model(INFO)
        for owner in people.ids:
            performer = database.get_performer(database.add_performer(f"Invented {owner}"))
            rows = people.of(owner)
            urls = [f"https://{source}.invalid/{row}" for row in rows]
            lookup = Lookup(
                source,
                ReferenceSiteMode.URL_LOOKUP,
                performer,
                Outcome.FOUND,
                photos=[
                    Photo(url, sha256=f"{row:064x}", outcome=PhotoOutcome.FACES)
                    for url, row in zip(urls, rows, strict=True)
                ],
                faces=[
                    Face(
                        url,
                        (0, 0, 1, 1),
                        (),
                        1.0,
                        0.9,
                        vector=people.vectors[row].astype(np.float32),
                        decision=Decision(Verdict.ACCEPTED, "own_photo", trusted=True),
                    )
                    for url, row in zip(urls, rows, strict=True)
                ],
            )
            store_lookup(database, lookup, model_id=model_id, retry=RetryPolicy(), judge=None)
    return model_id


def in_force(place, model_id):
    with place.database() as database:
        return database.faces.get_thresholds(model_id)


@pytest.mark.long
def test_measure_apply_and_reset(place):
    """Thresholds of older rules are measured anew; those that are applied can be taken away."""
    model_id = store_people(place, "import")
    with place.database() as database:
        database.faces.set_thresholds(model_id, {"accept": [0.4], "rules": "3"})
    curves = place.folder / "curves.svg"
    done = place.run("calibrate", "--strangers", "5", "--apply", "-o", str(curves))
    assert done.returncode == 0
    (warning,) = done.stderr.splitlines()
    assert "belong to older rules" in warning
    assert "60 faces of 12 people" in done.stdout
    assert "For 5 % of strangers' single photos at most" in done.stdout
    # Whole lookups, as things stand and as proposed.
    assert done.stdout.count("wrong pages that added a face") == 6
    assert curves.read_text().startswith("<svg")
    assert "In force for stand-in-lbp" in done.stdout
    stored = in_force(place, model_id)
    assert (stored["model"], stored["rules"]) == (fingerprint(INFO), RULE_VERSION)
    # These people are not drawn ones: they lie farther from themselves than the demo's.
    assert stored["accept"][0] > LocalBinaryPatterns.default_thresholds.accept_at(1)
    assert Thresholds.for_model(INFO, stored, LocalBinaryPatterns).to_json() == stored

    done = place.run("calibrate", "--reset")
    assert done.returncode == 0
    assert in_force(place, model_id) is None


@pytest.mark.long
def test_faces_that_the_rules_accepted_are_measured_with_a_warning(place):
    """And too few trials apply nothing."""
    model_id = store_people(place, "babepedia", count=6)
    done = place.run("calibrate", "--strangers", "0.0001", "--apply")
    assert done.returncode == 1
    assert "which makes misses look rarer than they are" in done.stderr
    assert "No proposal for 0.0001 % of strangers" in done.stdout
    assert in_force(place, model_id) is None


@pytest.mark.long
def test_what_was_not_told_to_apply_anything_only_measures(place):
    model_id = store_people(place, "babepedia")
    done = place.run("calibrate", "--strangers", "5")
    assert done.returncode == 0
    assert "which makes misses look rarer than they are" in done.stderr
    assert in_force(place, model_id) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--strangers", "0"], "is no share"),
        (["--apply", "--reset"], "contradict"),
        (["somewhere"], "only options"),
        (["--faces", "nowhere"], "is not a folder"),
        ([], "there is no database"),
    ],
)
def test_what_cannot_be_done_is_one_line(place, arguments, words):
    done = place.run("calibrate", *arguments)
    assert done.returncode == 2
    assert words in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_database_without_faces_of_the_model(place):
    place.database().close()
    done = place.run("calibrate")
    assert done.returncode == 2
    assert "has no faces of stand-in-lbp" in done.stderr
