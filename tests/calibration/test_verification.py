"""What pairs of faces tell, against counting them one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enrichscrapy.calibration.verification import Pairs, correlation, percentiles, to_own_person


def faces_of(people: int, each: int, noise: float, seed: int = 0):
    """Unit vectors (n, 32) and their owners."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(rng.normal(size=(people, 32)), each, axis=0)
    vectors = centres + noise * rng.normal(size=centres.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), np.repeat(np.arange(people), each)


def one_by_one(vectors, owners):
    same, different = [], []
    for a in range(len(owners)):
        for b in range(a):
            gap = 1.0 - float(vectors[a].astype(float) @ vectors[b].astype(float))
            (same if owners[a] == owners[b] else different).append(gap)
    return np.array(same), np.array(different)


@settings(max_examples=30)
@given(st.integers(2, 6), st.integers(2, 4), st.floats(0.2, 3.0), st.integers(0, 1000))
def test_area_and_accepts_are_what_counting_gives(people, each, noise, seed):
    vectors, owners = faces_of(people, each, noise, seed)
    same, different = one_by_one(vectors, owners)
    pairs = Pairs(vectors, owners)
    np.testing.assert_allclose(np.sort(pairs.same), np.sort(same), atol=1e-6)
    np.testing.assert_allclose(pairs.different, np.sort(different), atol=1e-6)
    nearer = (pairs.same[:, None] < pairs.different).mean()
    ties = (pairs.same[:, None] == pairs.different).mean()
    auc = pairs.auc()
    assert auc.value == pytest.approx(nearer + ties / 2)
    assert 0 <= auc.low <= auc.value <= auc.high <= 1
    wanted = 2 / len(different)
    accepted = pairs.accepted(wanted)
    assert (pairs.different < accepted.threshold).sum() <= 2
    assert accepted.share.value == pytest.approx((pairs.same < accepted.threshold).mean())


def test_people_told_apart_perfectly():
    pairs = Pairs(*faces_of(10, 4, 0.05))
    assert pairs.auc().low == 1.0
    assert pairs.accepted(0.01).share.low == 1.0


def test_bounds_narrow_with_more_people():
    few, many = (Pairs(*faces_of(people, 3, 1.6)).auc() for people in (8, 60))
    assert many.high - many.low < few.high - few.low


def test_too_few_pairs_show_nothing():
    pairs = Pairs(*faces_of(3, 2, 0.5))
    assert pairs.accepted(1e-3) is None
    assert not Pairs(*faces_of(1, 3, 0.5))
    assert not Pairs(*faces_of(3, 1, 0.5))
    assert not Pairs(np.zeros((0, 1), np.float32), np.zeros(0, np.int64))


def test_curve_rises_to_its_end():
    pairs = Pairs(*faces_of(12, 4, 1.5))
    false, true = pairs.roc()
    assert (np.diff(false) > 0).all()
    assert (np.diff(true) >= 0).all()
    assert (false[-1], true[-1]) == (1.0, pytest.approx(1.0, abs=0.05))


def test_percentiles_rise():
    values = percentiles(np.linspace(0, 1, 101))
    assert values == pytest.approx((0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99))


def test_quality_is_told_by_the_distance_to_the_own_person():
    rng = np.random.default_rng(4)
    owners = np.repeat(np.arange(12), 5)
    noise = rng.uniform(0.1, 2.0, len(owners))
    axes = np.linalg.qr(rng.normal(size=(64, 12)))[0].T
    vectors = axes[owners] + noise[:, None] * rng.normal(size=(len(owners), 64)) / 8
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    gaps = to_own_person(vectors, owners)
    others = vectors[1:5].mean(axis=0)
    assert gaps[0] == pytest.approx(1 - vectors[0] @ others / np.linalg.norm(others), abs=1e-6)
    assert correlation(-noise, gaps) < -0.7
    assert abs(correlation(rng.uniform(size=len(owners)), gaps)) < 0.4
    alone = to_own_person(vectors[:6:5], owners[:6:5])
    assert np.isnan(alone).all()
    assert correlation(noise[:6:5], alone) is None
