"""From a lookup and the faces a performer has to verdicts: the adapter around ``verdicts/``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from enrichscrapy.database.faces import StoredFace
from enrichscrapy.items import Judgement, Lookup, Verdict
from enrichscrapy.settings_reader import ProjectSettings, find_for_source
from enrichscrapy.verdicts import (
    FOR_A_PAGE,
    Candidate,
    Context,
    Limits,
    Reason,
    Reference,
    Rules,
    Thresholds,
    WeakOn,
    judge,
)

if TYPE_CHECKING:
    from enrichscrapy.faces.model import ModelKind
    from enrichscrapy.items import ModelInfo

NOWHERE = WeakOn()
"""A model that is not said to be weak on any group."""


@dataclass(frozen=True)
class Judge:
    """Judges all faces of a lookup against all faces its performer has.

    Called by stage 400, and again by the store, inside its transaction, when another crawl has
    changed the performer's faces meanwhile: the same evidence then meets the new references.
    """

    thresholds: Thresholds
    limits: Limits
    trust_levels: Mapping[str, str]
    rules: Rules = judge
    weak_on: WeakOn = NOWHERE

    @classmethod
    def from_settings(cls, settings: ProjectSettings) -> Self:
        """The judge that ``TRUST_LEVELS`` and ``MAX_FACES_…`` ask for.

        Its thresholds are no model's until :meth:`for_model` names one.
        """
        limits = Limits(settings.MAX_FACES_PER_SOURCE, settings.MAX_FACES_TOTAL)
        return cls(Thresholds(caution=settings.FACE_CAUTION), limits, settings.TRUST_LEVELS)

    def for_model(
        self, info: ModelInfo, stored: Mapping[str, Any] | None, model: ModelKind
    ) -> Self:
        """This judge with the thresholds in force for a model (``stored``: its calibrated ones)."""
        thresholds = Thresholds.for_model(info, stored, model)
        asked = self.thresholds.caution
        thresholds = replace(thresholds, caution=asked * thresholds.caution)
        return replace(self, thresholds=thresholds, weak_on=getattr(model, "weak_on", NOWHERE))

    def __call__(self, lookup: Lookup, stored: Sequence[StoredFace]) -> Judgement:
        """``stored`` are the performer's faces of the same model, rejected ones not among them."""
        return self.rules(
            [
                Candidate(face.vector, face.quality, face.photo_url, shared=face.shared)
                for face in lookup.faces
                if face.vector is not None
            ],
            [
                Reference(
                    face.id,
                    face.vector,
                    face.trusted,
                    face.quality,
                    face.source,
                    earned=face.trusted and not face.confirmed_by_person,
                    waiting=face.verdict is not Verdict.ACCEPTED,
                )
                for face in stored
                if face.vector is not None
                and (face.verdict is Verdict.ACCEPTED or _is_waiting_for_a_page(face))
            ],
            [face.neighbours for face in lookup.faces],
            Context(
                source=lookup.source,
                trust=find_for_source(self.trust_levels, lookup.source) or "medium",
                identity=lookup.identity,
                index_size=lookup.index_size,
                around=lookup.around,
                weak=self.weak_on.holds(lookup.performer.country, lookup.performer.ethnicity),
                in_doubt=any(
                    face.verdict is Verdict.QUARANTINED and face.reason == Reason.TWO_PEOPLE
                    for face in stored
                ),
            ),
            self.thresholds,
            self.limits,
        )


def _is_waiting_for_a_page(face: StoredFace) -> bool:
    return face.verdict is Verdict.QUARANTINED and face.reason in FOR_A_PAGE
