"""Thresholds belong to one model, survive the database, and cannot contradict themselves."""

import json
from dataclasses import dataclass, replace

import pytest

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.verdicts import Thresholds, fingerprint


@dataclass(frozen=True)
class Info:
    name: str = "a-model"
    sha256: str = "ab" * 32
    preprocessing: str = "crop-1"


class Model:
    default_thresholds = Thresholds(accept=(0.2,), certain=(0.1,))


def test_they_survive_the_database():
    thresholds = Thresholds(certain=(0.3,), accept=(0.35, 0.36), model="somebody's")
    assert Thresholds.from_json(json.loads(json.dumps(thresholds.to_json()))) == thresholds


def test_lists_go_by_the_number_of_trusted_faces():
    thresholds = Thresholds(certain=(0.3,), accept=(0.35, 0.36, 0.37))
    assert [thresholds.accept_at(n) for n in (0, 1, 2, 3, 20)] == [0.35, 0.35, 0.36, 0.37, 0.37]


def test_calibrated_ones_go_before_the_models_own():
    stored = Thresholds(certain=(0.3,), accept=(0.33,), model=fingerprint(Info())).to_json()
    assert Thresholds.for_model(Info(), stored, Model).accept == (0.33,)
    own = Thresholds.for_model(Info(), None, Model)
    assert own == replace(Model.default_thresholds, model=fingerprint(Info()))


@pytest.mark.parametrize(
    "other", [Info(name="b"), Info(sha256="cd" * 32), Info(preprocessing="crop-2")]
)
def test_those_of_another_model_are_refused(other):
    stored = Thresholds(model=fingerprint(other)).to_json()
    with pytest.raises(BadSetting, match="belong to"):
        Thresholds.for_model(Info(), stored, Model)


@pytest.mark.parametrize("rules", [None, "3"])
def test_those_of_other_rules_are_refused(rules):
    stored = {**Thresholds(model=fingerprint(Info())).to_json(), "unsure": [0.4]}
    stored.pop("rules")
    if rules:
        stored["rules"] = rules
    with pytest.raises(BadSetting, match=r"measured for rules .* run scrapy calibrate"):
        Thresholds.for_model(Info(), stored, Model)


def test_a_model_without_any_is_refused():
    with pytest.raises(BadSetting, match="scrapy calibrate"):
        Thresholds.for_model(Info(), None, object)
    with pytest.raises(BadSetting, match="belong to no model"):
        Thresholds.for_model(Info(), Thresholds().to_json(), Model)


@pytest.mark.parametrize(
    ("stored", "words"),
    [
        ({"accept": []}, "accept needs"),
        ({"accept": [0.4, 3.0]}, "accept needs"),
        ({"accept": [0.9]}, "in this order"),
        ({"certain": [0.47]}, "in this order"),
        ({"nonsense": 1}, "unknown nonsense"),
    ],
)
def test_impossible_ones_are_refused(stored, words):
    with pytest.raises(ValueError, match=words):
        Thresholds.from_json(stored)
