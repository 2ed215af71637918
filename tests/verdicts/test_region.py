"""Whether people can be told apart where a face lies: by the index, the model, the database."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import _background
from benchmarks._synthetic import Group, make_people
from enrichscrapy.calibration.people import People
from enrichscrapy.faces.model import FacenetVGGFace2
from enrichscrapy.items import Identity, Neighbour
from enrichscrapy.verdicts import Candidate, Context, Reason, Reference, Thresholds, WeakOn
from enrichscrapy.verdicts.background import background
from enrichscrapy.verdicts.case import gather
from enrichscrapy.verdicts.region import (
    Caution,
    Region,
    caution,
    lessen,
    usual_distances,
    with_care,
)

RULES = Thresholds()
gaps = st.lists(st.floats(0.0, 1.5), max_size=30)


def seen(distances, size=3000):
    faces = [Neighbour(number, number, gap) for number, gap in enumerate(distances)]
    return Region.of(faces, size, 0.0, RULES)


@given(gaps, st.integers(0, 10_000), st.floats(-2, 4), st.booleans())
def test_nothing_an_index_holds_or_lacks_loosens_a_threshold(near, size, risk, weak):
    region = replace(seen(near, size), risk=risk)
    care = caution(region, weak, RULES)
    assert 0.0 <= care.distance <= max(RULES.caution_bound, RULES.weak_caution)
    assert care.distance >= RULES.weak_caution * weak


@given(st.floats(-0.2, 0.0), st.floats(0.0, 0.3), st.booleans())
def test_caution_and_little_variety_ask_for_no_more_together_than_caution_may(variety, care, weak):
    held = Caution(RULES.weak_caution if weak else care, Reason.CROWDED)
    taken = -with_care(variety, held, RULES)
    assert max(held.distance, min(-variety, RULES.caution_bound)) <= taken
    assert taken <= max(held.distance, RULES.caution_bound)
    assert taken <= held.distance - variety + 1e-9


@given(st.floats(0.0, 0.4), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_of_little_doubt_a_known_page_leaves_less_and_of_the_most_all(care, share, more):
    held = Caution(care, Reason.CROWDED)
    left = lessen(held, share, RULES).distance
    assert 0.0 <= left <= care
    assert lessen(held, max(share, more), RULES).distance <= left
    assert lessen(held, 0.0, RULES) == held
    if care >= RULES.caution_bound:
        assert left == care


@pytest.mark.parametrize("size", [60, 600, 6000, 60_000])
def test_people_as_near_as_usual_ask_for_no_caution_in_an_index_of_any_size(size):
    region = seen(usual_distances(10, size, RULES), size)
    assert caution(region, False, RULES).distance == 0.0


def test_a_person_counts_once_however_many_faces_they_have():
    faces = [Neighbour(1, number, 0.3) for number in range(9)]
    rest = [Neighbour(2 + n, 20 + n, 0.6 + n / 100) for n in range(9)]
    once = Region.of([faces[0], *rest], 3000, 0.0, RULES)
    assert Region.of([*faces, *rest], 3000, 0.0, RULES) == once


def test_where_the_index_tells_little_the_models_doubt_counts_more():
    sizes = [3000, 600, 60, 0]
    asked = [caution(replace(seen([], size), risk=1.2), False, RULES).distance for size in sizes]
    assert 0 < asked[0] < asked[1] < asked[2] <= asked[3] <= RULES.caution_bound


def crowd(count, photos, seed, *, off=0.0, close=0):
    """People in a space of eight dimensions of 40; ``off`` moves all of them along one in which
    people differ little, and the last ``close`` of them lie together."""
    rng = np.random.default_rng(seed)
    between = np.array([0.5, 0.5, 0.4, 0.4, 0.3, 0.3, 0.2, 0.02])
    people = rng.normal(size=(count, 8)) * between
    if close:
        people[-close:] = people[-close:] * 0.2 + [0.6, 0.6, 0, 0, 0, 0, 0, 0]
    inside = np.repeat(people, photos, axis=0)
    inside = inside + rng.normal(size=inside.shape) * 0.1
    inside[:, 7] += off
    vectors = inside @ np.eye(8, 40)
    vectors[:, 0] += 1.0
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return People(vectors, np.repeat(np.arange(count), photos), np.ones(len(vectors)))


@pytest.fixture(scope="module")
def model():
    """Of two hundred people, the last thirty of whom are confused with each other."""
    return _background.fit(crowd(200, 5, 1, close=30), dense=range(170, 200))


def measured(model, people, measure):
    places = [model.place(people.vectors[people.of(owner)[:3]]) for owner in people.ids]
    return [measure(place) for place in places if place is not None]


def unfamiliar(model, people):
    return measured(model, people, lambda place: model.unfamiliar(place, 3))


def test_a_background_model_knows_people_like_its_own_from_others(model):
    own = unfamiliar(model, crowd(200, 3, 2))
    assert np.median(own) == pytest.approx(0, abs=0.3)
    assert np.quantile(own, 0.9) == pytest.approx(1, abs=0.4)
    assert np.median(unfamiliar(model, crowd(50, 3, 3, off=0.5))) > 1.5


def test_of_ordinary_people_one_in_ten_is_doubted_by_more_than_one(model):
    people = crowd(400, 3, 9, close=60)
    told = [model.risk(people.vectors[people.of(owner)]) for owner in people.ids[:340]]
    assert np.mean(np.array(told) > 1) == pytest.approx(0.1, abs=0.06)
    assert np.median(told) == pytest.approx(0, abs=0.3)


def test_of_more_photos_than_it_was_measured_on_as_many_count(model):
    place = model.place(crowd(1, 3, 5, off=0.3).vectors)
    assert model.unfamiliar(place, 30) == model.unfamiliar(place, _background.PHOTOS)


def test_the_pages_photos_are_asked_too_how_doubtful_a_place_is(model, tmp_path):
    """Whoever the trusted faces show: a page that shows somebody far off is taken with care, and
    one that shows somebody else of the usual kind with none."""
    _background.save(model, tmp_path / "model.npz")
    rules = replace(RULES, background=str(tmp_path / "model.npz"), risk_free=1.2)
    mine, far, usual = (
        crowd(1, 4, seed, off=off).vectors for seed, off in ((5, 0), (7, 0.8), (8, 0))
    )

    def care(shown):
        faces = [Candidate(vector, 0.9, str(number)) for number, vector in enumerate(shown)]
        known = [
            Reference(number, face, True, 0.9, "import") for number, face in enumerate(mine[:3])
        ]
        case = gather(
            faces, known, [[]] * len(faces), Context("site", "high", Identity.UNCORROBORATED), rules
        )
        return [group.caution.distance for group in case.groups]

    assert model.risk(mine[:3]) < 1 < model.risk(far) - 1.5
    assert care(mine[3:]) == care(usual[:1]) == [0]
    assert all(distance > 0.05 for distance in care(far))


def test_the_mean_of_photos_that_vary_may_lie_farther_off(model):
    assert model.variance(crowd(1, 1, 7).vectors) == 1
    found = [model.variance(crowd(1, 6, seed).vectors) for seed in range(20)]
    assert np.mean(found) == pytest.approx(1, abs=0.2)
    place = model.place(crowd(1, 3, 5, off=0.5).vectors)
    seen = [model.unfamiliar(place, 3, variance) for variance in (0.5, 1.0, 2.0)]
    assert seen == sorted(seen, reverse=True)
    assert seen[1] == model.unfamiliar(place, 3)


def test_it_knows_where_people_are_confused_whoever_they_are(model):
    others = crowd(60, 3, 4, close=30)
    told = np.array(measured(model, others, model.confusion))
    assert np.median(told[:30]) == pytest.approx(0, abs=0.4)
    assert np.median(told[30:]) > 0.7


def test_a_regression_that_tells_nothing_of_unseen_people_counts_for_nothing(model, monkeypatch):
    """As where nobody is confused more than others: what it learns is noise."""
    drawn = np.random.default_rng(6)
    noise = {owner: drawn.normal() for owner in range(200)}
    monkeypatch.setattr(_background, "_confused_shares", lambda _people: noise)
    deaf = _background.fit(crowd(200, 5, 1, close=30), dense=range(170, 200))
    others = crowd(60, 3, 4, close=30)
    assert np.std(measured(deaf, others, deaf.confusion)) < 0.15
    assert np.std(measured(model, others, model.confusion)) > 0.4


def test_the_risk_is_what_both_say(model):
    faces = crowd(1, 3, 5).vectors
    place = model.place(faces)
    both = model.unfamiliar(place, 3, model.variance(faces)) + 1.6 * model.confusion(place)
    assert model.risk(faces) == pytest.approx(both)


def test_of_another_networks_vectors_the_shipped_model_says_nothing():
    shipped = background("vggface2")
    people = make_people(3, 2, 2)
    assert [shipped.risk(people.vectors[rows]) for rows in (people.of(0), people.of(1))] == [0, 0]
    assert shipped.risk(np.eye(64)[:1]) == 0.0
    assert background("") is None


def test_a_model_file_holds_what_was_fitted_and_can_be_named(model, tmp_path):
    path = tmp_path / "model.npz"
    _background.save(model, path)
    with np.load(path) as stored:
        assert set(stored) == {"mean", "basis", "axes", "between", "usual", "confused"}
        assert stored["basis"].shape == (8, 40)
    faces = crowd(1, 3, 5).vectors
    assert background(str(path)).risk(faces) == pytest.approx(model.risk(faces), abs=0.02)


def test_those_in_most_near_pairs_are_found():
    groups = [make_people(40, 4, 2), make_people(5, 4, 3, Group(shared=0.8, families=1))]
    both = People(
        np.concatenate([group.vectors for group in groups]),
        np.concatenate([groups[0].owners, groups[1].owners + 40]),
        np.concatenate([group.quality for group in groups]),
    )
    assert set(_background.dense_people(both)) & set(range(40, 45))


@pytest.mark.parametrize(
    ("country", "ethnicity", "weak"),
    [
        ("KR", None, True),
        ("in", "", True),
        ("US", "ASIAN", True),
        ("US", "South Asian", True),
        ("JP", "CAUCASIAN", False),
        ("US", "CAUCASIAN", False),
        ("SE", None, False),
        (None, None, False),
    ],
)
def test_the_database_tells_of_whom_the_model_is_weak(country, ethnicity, weak):
    assert FacenetVGGFace2.weak_on.holds(country, ethnicity) is weak
    assert not WeakOn().holds(country, ethnicity)
