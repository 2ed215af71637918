"""From a lookup and the faces a performer has to verdicts: the adapter round ``verdicts.py``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from enrichscrapy.database.faces import StoredFace
from enrichscrapy.items import Lookup, Verdict
from enrichscrapy.verdicts import (
    Candidate,
    Context,
    Judgement,
    Limits,
    Reference,
    Rules,
    Thresholds,
    judge,
)

if TYPE_CHECKING:
    from enrichscrapy.faces.model import FaceModel
    from enrichscrapy.items import ModelInfo
    from enrichscrapy.settings_reader import ProjectSettings


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

    @classmethod
    def from_settings(cls, settings: ProjectSettings) -> Self:
        """The judge that ``TRUST_LEVELS`` and ``MAX_FACES_…`` ask for.

        Its thresholds are nobody's until :meth:`for_model` names the model.
        """
        limits = Limits(settings.MAX_FACES_PER_SOURCE, settings.MAX_FACES_TOTAL)
        return cls(Thresholds(), limits, settings.TRUST_LEVELS)

    def for_model(
        self, info: ModelInfo, stored: Mapping[str, Any] | None, model: type[FaceModel]
    ) -> Self:
        """This judge with the thresholds in force for a model (``stored``: its calibrated ones)."""
        return replace(self, thresholds=Thresholds.for_model(info, stored, model))

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
                    earned=face.trusted and not face.vouched_for,
                )
                for face in stored
                if face.verdict is Verdict.ACCEPTED and face.vector is not None
            ],
            [face.neighbours for face in lookup.faces],
            Context(
                source=lookup.source,
                trust=self.trust_levels.get(lookup.source, "medium"),
                identity=lookup.identity,
                mode=lookup.mode.value,
                index_size=lookup.index_size,
            ),
            self.thresholds,
            self.limits,
        )
