"""The numbers the rules go by. They belong to one face model and mean nothing under another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.items import ModelInfo
from enrichscrapy.verdicts.ruling import RULE_VERSION

BY_COUNT = ("certain", "accept", "together", "reject")
"""The thresholds that are lists by the number of trusted faces."""


def fingerprint(info: ModelInfo) -> str:
    """The model a set of thresholds belongs to, as one string."""
    return f"{info.name}/{info.sha256}/{info.preprocessing}"


@dataclass(frozen=True)
class Thresholds:
    """Distances (``1 - cosine``); the defaults are VGGFace2's.

    Lists go by the number of trusted faces (1, 2, 3 …; the last value holds for more): the more
    references there are, the nearer the right person and the surer the refusal.
    ``model`` is the fingerprint of the model they were measured for; empty means the class
    defaults of a model (see :meth:`for_model`).
    """

    # So near to the trusted faces that only photos that agree with it can cast doubt on it, that
    # it may serve as a reference later, and that it gets in as the only picture of a page of which
    # only the name says whose it is …
    certain: tuple[float, ...] = (0.46, 0.46, 0.455, 0.445, 0.435)
    # … so near that it gets in from a page that is confirmed, or has other pictures which do not
    # show somebody else …
    accept: tuple[float, ...] = (0.48, 0.475, 0.47, 0.46, 0.45)
    # … and so far that no photo does, whatever else speaks for it.
    reject: tuple[float, ...] = (0.75, 0.70, 0.68)
    # With photos of the profile that match: distance to those and the trusted faces taken together.
    together: tuple[float, ...] = (0.508, 0.52, 0.53)
    # Photos of a profile that agree, taken as one, and the trusted faces may be set apart by this
    # (``evidence.set_apart``), less so much of the caution (below).
    profile_apart: float = 0.15
    profile_caution: float = 0.5
    # Two photos (or groups of photos) of a profile this near are one person's.
    agree: float = 0.50
    # Two photos that are both in doubt and nearer to each other than this may show one stranger:
    # this share of the difference is taken off together.
    doubt_alike: float = 0.70
    doubt_weight: float = 0.19
    # By so much as another performer's face is nearer than any trusted one, a face counts as
    # farther; by more than this it is refused.
    margin: float = 0.04
    # How much of the distance by which a face stands apart from other performers' faces (or
    # crowds with them) is added to certain and accept, and to together, where faces are farther and
    # the crowd tells more …
    crowd_weight: float = 0.4
    together_crowd_weight: float = 1.17
    # … and how much of that by which the person's own faces differ less than usual is taken off.
    spread_weight: float = 1.0
    spread_usual: float = 0.26
    # The most of either distance that counts. Of standing apart nothing counts where this much
    # caution is taken (below), and less where there is some: nobody near is then no evidence.
    allowance_bound: float = 0.2
    apart_until: float = 0.05
    # How much nearer a face has to be where the network may not tell people apart (see
    # ``region.py``): so much times that by which people there are nearer than usual, or a few of
    # them nearer than the rest, or the rest farther, or the model itself at risk (the square
    # of this one: little doubt is common), each beyond what is allowed for free.
    crowd_free: float = 0.07
    crowd_caution: float = 1.7
    cluster_free: float = 0.05
    cluster_caution: float = 2.0
    remote_free: float = 0.10
    remote_caution: float = 0.5
    risk_free: float = 0.9
    risk_caution: float = 0.32
    # … and at least this where the database says that the model is weak on the performer's group.
    weak_caution: float = 0.33
    # Caution by place, and it together with little variety, takes off no more than this.
    caution_bound: float = 0.3
    # Photos that agree, and are set apart by less than this, speak for their page, and most where
    # they are not set apart at all.
    page_fits: float = 0.06
    # How much of this caution is taken; ``FACE_CAUTION`` times it.
    caution: float = 1.0
    # The normal distribution of which the nearest of n lie where the nearest of n other people lie
    # to a person's mean face: each by the nearest of their faces.
    people_mean: float = 0.92
    people_sd: float = 0.153
    # The background model of the network (``background.py``); empty where it has none.
    background: str = "vggface2"
    # A face this near to one that is there already adds nothing …
    duplicate: float = 0.005
    # … and one this near is probably the same picture again, mirrored or in another size (they
    # lie at 0.01 to 0.05): no independent witness.
    twin: float = 0.05
    # A face of lower quality (0..1) is judged, but is neither a reference nor helps another in.
    low_quality: float = 0.5
    # The normal distribution of which the nearest of n lie where, on average, the nearest of n
    # strangers' faces do. It is narrower than that of strangers' distances at all, where one
    # face's are mixed with another's: by that, faces in a large index would seem to stand apart.
    stranger_mean: float = 0.861
    stranger_sd: float = 0.099
    model: str = ""
    # The rules they were measured for: under others the same number means another thing.
    rules: str = RULE_VERSION

    def __post_init__(self) -> None:
        for name in BY_COUNT:
            values = getattr(self, name)
            if not values or not all(0.0 <= value <= 2.0 for value in values):
                raise ValueError(f"thresholds: {name} needs distances between 0 and 2")
        for count in range(1, 1 + max(len(getattr(self, name)) for name in BY_COUNT)):
            if not self.certain_at(count) <= self.accept_at(count) <= self.reject_at(count):
                raise ValueError("thresholds: certain, accept and reject are not in this order")

    def bounded(self, distance: float) -> float:
        """A distance by which the thresholds may give way, no more than ``allowance_bound``."""
        return min(max(distance, -self.allowance_bound), self.allowance_bound)

    def certain_at(self, trusted: int) -> float:
        return _by_count(self.certain, trusted)

    def accept_at(self, trusted: int) -> float:
        return _by_count(self.accept, trusted)

    def together_at(self, trusted: int) -> float:
        return _by_count(self.together, trusted)

    def reject_at(self, trusted: int) -> float:
        return _by_count(self.reject, trusted)

    def to_json(self) -> dict[str, Any]:
        """JSON-serialisable; what ``models.thresholds`` holds."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Thresholds:
        """Raises ``ValueError`` for unknown names and impossible values."""
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(stored) - known):
            raise ValueError(f"thresholds: unknown {', '.join(unknown)}")
        values: dict[str, Any] = {
            key: tuple(float(item) for item in value) if isinstance(value, list) else value
            for key, value in stored.items()
        }
        return cls(**values)

    @classmethod
    def for_model(
        cls, info: ModelInfo, stored: Mapping[str, Any] | None, model: object = None
    ) -> Thresholds:
        """The thresholds in force for a model: the calibrated ones, else the model's own defaults.

        ``model`` is the model's class; its optional attribute ``default_thresholds`` holds them.
        Raises ``BadSetting`` for stored thresholds of another model or of other rules, and when
        there are none.
        """
        own = fingerprint(info)
        if stored is not None:
            if (rules := stored.get("rules")) != RULE_VERSION:
                raise BadSetting(
                    f"the stored thresholds were measured for rules {rules or 'of old'}, and these "
                    f"are rules {RULE_VERSION}: run scrapy calibrate --apply, or scrapy calibrate "
                    "--reset for the model's own"
                )
            thresholds = cls.from_json(stored)
            if thresholds.model != own:
                raise BadSetting(
                    f"the stored thresholds belong to {thresholds.model or 'no model'}, not to "
                    f"{own}: run scrapy calibrate --apply"
                )
            return thresholds
        default = getattr(model, "default_thresholds", None)
        if not isinstance(default, cls):
            raise BadSetting(
                f"the face model {info.name} has no thresholds: run scrapy calibrate --apply "
                "--faces DIR on labelled photos"
            )
        return replace(default, model=own)


def _by_count(values: tuple[float, ...], count: int) -> float:
    return values[min(max(count, 1), len(values)) - 1]
