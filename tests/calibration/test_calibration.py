"""Rates with honest bounds, and thresholds only as far as the trials prove anything."""

import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmarks._synthetic import make_people
from enrichscrapy.calibration.curves import draw_curves
from enrichscrapy.calibration.labelled import list_labelled_photos
from enrichscrapy.calibration.people import People, gather_people, read_photos
from enrichscrapy.calibration.proposal import fit_to_trials, propose
from enrichscrapy.calibration.rates import Rate, count_trials_needed
from enrichscrapy.calibration.report import report_proposal, report_trials
from enrichscrapy.calibration.trials import run_trials
from enrichscrapy.exceptions import BadSetting
from enrichscrapy.faces.engine import PhotoFaces
from enrichscrapy.items import Face, PhotoOutcome
from enrichscrapy.verdicts import Thresholds
from enrichscrapy.verdicts.crowd import apart_from_crowd


@pytest.fixture(scope="module")
def people():
    return make_people(40, 8, seed=3)


@pytest.fixture(scope="module")
def trials(people):
    return run_trials(people, Thresholds())


@given(st.integers(0, 5000), st.integers(1, 5000))
def test_bounds_enclose_the_share(hits, more):
    rate = Rate(hits, hits + more)
    assert 0 <= rate.low <= rate.value <= rate.high <= 1


def test_bounds_are_wilsons():
    rate = Rate(10, 100)
    assert (round(rate.low, 4), round(rate.high, 4)) == (0.0552, 0.1744)
    assert math.isnan(Rate(0, 0).value)
    assert str(Rate(0, 0)) == "no trials"


@pytest.mark.parametrize("share", [0.1, 0.001, 0.0002])
def test_no_hit_in_the_trials_needed_just_shows_a_share(share):
    needed = count_trials_needed(share)
    assert Rate(0, needed).high <= share < Rate(0, needed - 1).high


def test_each_stranger_is_one_trial(people, trials):
    assert trials.people == 40
    assert sorted(trials.single) == [1, 2, 3, 5]
    for count, scores in trials.single.items():
        assert len(scores.right) == 40 * (8 - count)
        assert len(scores.strangers) <= 40 * 39 * 8
        assert len(scores.strangers) >= 40 * 39 * 5  # at most three of eight are in the index


def test_the_same_seed_gives_the_same_trials(people, trials):
    again = run_trials(people, Thresholds())
    assert np.array_equal(again.single[3].strangers, trials.single[3].strangers)


def test_right_faces_are_nearer_and_more_trusted_faces_help(trials):
    accepted = [trials.single[count].right_within(0.3).value for count in (1, 3, 5)]
    assert accepted == sorted(accepted)
    for scores in trials.single.values():
        assert np.median(scores.right) < np.quantile(scores.strangers, 0.01)


def test_too_few_trials_are_refused(trials):
    proposal = propose(trials, Thresholds(), 1e-6)
    assert proposal.thresholds is None
    assert "cannot show 0.0001 %" in proposal.why
    nobody = run_trials(make_people(1, 5), Thresholds())
    assert "nobody to compare" in propose(nobody, Thresholds(), 0.01).why


def test_a_proposal_keeps_its_word_on_other_people(people, trials):
    """By the upper bound of the half it was made on, tried on people it has not seen."""
    wanted = 0.002
    base = fit_to_trials(Thresholds(), trials)
    made = propose(run_trials(people, base), base, wanted).thresholds
    assert made is not None
    others = run_trials(make_people(40, 8, seed=4), made)
    for count in (1, 3, 5):
        assert others.single[count].strangers_within(made.accept_at(count)).value <= 2 * wanted
        assert others.single[count].right_beyond(made.reject_at(count)).value <= 0.05


def test_the_stricter_the_wish_the_nearer_the_threshold(people, trials):
    limits = [propose(trials, Thresholds(), w).thresholds.accept_at(3) for w in (0.01, 0.003)]
    assert limits[0] > limits[1]


def test_a_model_of_another_scale_gets_thresholds_of_its_own(people):
    """Distances shrunk to a third: what was far for one model is near for the other."""
    common = np.zeros(people.vectors.shape[1])
    common[0] = 1.4
    vectors = people.vectors + common
    near = People(
        vectors / np.linalg.norm(vectors, axis=1, keepdims=True), people.owners, people.quality
    )
    base = fit_to_trials(Thresholds(), run_trials(near, Thresholds()))
    made = propose(run_trials(near, base), base, 0.002).thresholds
    assert made is not None
    assert made.accept_at(3) < 0.7 * Thresholds().accept_at(3)
    assert made.stranger_mean < 0.5


@pytest.mark.long
def test_a_face_stands_apart_no_more_in_a_larger_index():
    """What is expected of the nearest strangers grows with the index as they do: by the wider
    distribution of all strangers, these people would seem to stand apart ever more."""
    people = make_people(600, 4, seed=5)
    rng = np.random.default_rng(5)
    base = fit_to_trials(Thresholds(), run_trials(people.keep_only(people.ids[:150]), Thresholds()))
    wide = replace(base, stranger_mean=0.88, stranger_sd=0.125)
    apart, by_the_wide = [], []
    for size in (12, 60, 300):
        index = np.flatnonzero(np.isin(people.owners, rng.permutation(300)[:size] + 300))
        gaps = 1.0 - people.vectors[people.owners < 100] @ people.vectors[index].T
        near = np.sort(gaps, axis=1)[:, :10]
        for found, rules in ((apart, base), (by_the_wide, wide)):
            found.append(
                np.mean([apart_from_crowd(row.tolist(), len(index), rules) for row in near])
            )
    assert np.ptp(apart) < 0.015
    assert np.ptp(by_the_wide) > 0.025


def test_few_people_leave_what_is_expected_as_it_was():
    base = Thresholds()
    few = fit_to_trials(base, run_trials(make_people(6, 5, seed=2), base))
    assert (few.stranger_mean, few.stranger_sd) == (base.stranger_mean, base.stranger_sd)


def test_reports_say_what_was_tried(trials):
    told = "\n".join(report_trials(trials, Thresholds()))
    assert "320 faces of 40 people" in told
    assert "with 3 trusted faces" in told
    assert "prove less" in told
    made = propose(trials, Thresholds(), 0.002)
    assert "3 trusted: accept" in "\n".join(report_proposal(made, trials))
    refused = propose(trials, Thresholds(), 1e-6)
    assert "No proposal for 0.0001 %" in "\n".join(report_proposal(refused, trials))


def test_curves_are_drawn_within_their_frame(trials):
    root = ET.fromstring(draw_curves(trials, Thresholds()))
    width, height = map(float, root.get("viewBox").split()[2:])
    lines = root.findall("{*}polyline")
    assert len(lines) == 8
    for line in lines:
        for point in line.get("points").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height


class Engine:
    """Reads a photo's colour as its vector; blue photos hold two faces."""

    def look(self, photos):
        return [self._seen(data) for data in photos]

    def _seen(self, data):
        import io

        with Image.open(io.BytesIO(data)) as image:
            size, colour = image.size, image.convert("RGB").getpixel((5, 5))
        vector = np.array([*colour, min(size)], dtype=np.float32) + 1
        face = Face("", (0, 0, 1, 1), (), 1.0, 0.7, vector=vector)
        faces = (face, face) if colour[2] > 200 else (face,)
        return PhotoFaces(PhotoOutcome.FACES, "", faces=faces)


def paint(path, colour, size=(300, 300)):
    path.parent.mkdir(exist_ok=True, parents=True)
    Image.new("RGB", size, colour).save(path)


def test_a_folder_a_person(tmp_path):
    paint(tmp_path / "ann" / "1.png", (200, 0, 0))
    paint(tmp_path / "ann" / "2.ppm", (190, 0, 0), size=(92, 112))
    paint(tmp_path / "bea" / "1.png", (0, 200, 0))
    paint(tmp_path / "bea" / "both.png", (0, 0, 255))
    (tmp_path / "bea" / "notes.txt").write_text("no photo")
    people, counts = read_photos(list_labelled_photos(tmp_path), Engine())
    assert people.owners.tolist() == [0, 0, 1]
    assert counts == {"faces": 3, "several_faces": 1, "unreadable": 1}
    np.testing.assert_allclose(np.linalg.norm(people.vectors, axis=1), 1.0)
    # The small photo was enlarged before it was looked at: its shorter side is 400 now.
    assert people.vectors[1][3] / people.vectors[1][0] == pytest.approx(401 / 191)


def test_a_table_of_labels(tmp_path):
    paint(tmp_path / "a.png", (200, 0, 0))
    paint(tmp_path / "b.png", (0, 200, 0))
    (tmp_path / "labels.csv").write_text("file,identity\na.png,ann\nb.png,\ngone.png,ann\n")
    people, counts = read_photos(list_labelled_photos(tmp_path), Engine())
    assert people.owners.tolist() == [0]
    assert counts == {"faces": 1, "unreadable": 1}


def test_folders_without_labels_are_refused(tmp_path):
    for directory in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(BadSetting):
            list_labelled_photos(directory)
    (tmp_path / "labels.csv").write_text("photo,who\na.png,ann\n")
    with pytest.raises(BadSetting, match="columns file and identity"):
        list_labelled_photos(tmp_path)


def test_nobody_is_an_empty_set_of_people():
    people = gather_people({})
    assert (len(people), people.ids) == (0, [])
    trials = run_trials(people, Thresholds())
    assert trials.single == {}
    assert fit_to_trials(Thresholds(), trials) == replace(Thresholds())
