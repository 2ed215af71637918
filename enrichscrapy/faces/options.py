"""The settings of the section Faces as one picklable value."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from enrichscrapy.faces.decode import DecodeLimits
from enrichscrapy.faces.model import ModelOptions, resolve_model
from enrichscrapy.faces.quality import Gates
from enrichscrapy.items import ModelInfo

if TYPE_CHECKING:
    from enrichscrapy.settings_reader import ProjectSettings


@dataclass(frozen=True)
class FaceOptions:
    """Everything a worker process needs; picklable. Settings of the same names in capitals."""

    model: str = "enrichscrapy.faces.model.FacenetVGGFace2"
    weights: Path | None = None
    sha256: str = ""
    device: str = "auto"
    threads: int = 1
    workers: int = 0
    batch_size: int = 8
    timeout: float = 120.0
    worker_memory: int = 2048
    limits: DecodeLimits = field(default_factory=DecodeLimits)
    gates: Gates = field(default_factory=Gates)

    @classmethod
    def from_settings(cls, settings: ProjectSettings) -> Self:
        return cls(
            model=settings.FACE_MODEL,
            weights=settings.FACE_WEIGHTS,
            sha256=settings.FACE_WEIGHTS_SHA256,
            device=settings.FACE_DEVICE,
            threads=settings.FACE_THREADS,
            workers=settings.FACE_WORKERS,
            batch_size=settings.FACE_BATCH_SIZE,
            timeout=settings.FACE_TIMEOUT,
            worker_memory=settings.FACE_WORKER_MEMORY,
            limits=DecodeLimits(
                max_bytes=settings.PHOTO_MAX_BYTES,
                max_pixels=settings.PHOTO_MAX_PIXELS,
                work_side=settings.PHOTO_WORK_SIDE,
            ),
            gates=Gates(
                photo_min_side=settings.PHOTO_MIN_SIDE,
                min_size=settings.FACE_MIN_SIZE,
                min_share=settings.FACE_MIN_SHARE,
                min_score=settings.FACE_MIN_SCORE,
                min_sharpness=settings.FACE_MIN_SHARPNESS,
                min_highlights=settings.FACE_MIN_HIGHLIGHTS,
                max_shadows=settings.FACE_MAX_SHADOWS,
                min_contrast=settings.FACE_MIN_CONTRAST,
                max_clipped=settings.FACE_MAX_CLIPPED,
                max_yaw=settings.FACE_MAX_YAW,
                max_roll=settings.FACE_MAX_ROLL,
                dominance=settings.FACE_DOMINANCE,
            ),
        )

    def open_gates(self) -> Self:
        """The same with every gate open and every face of a photo kept."""
        return dataclasses.replace(self, gates=Gates())

    @property
    def model_options(self) -> ModelOptions:
        return ModelOptions(self.weights, self.sha256, self.device, self.threads)

    @property
    def needs_download(self) -> bool:
        """Whether loading the model would fetch its weights first, as far as the model says."""
        check = getattr(resolve_model(self.model), "needs_download", None)
        return bool(check and check(self.model_options))

    def describe_model(self) -> ModelInfo:
        """The model these options name: verifies the weights, loads no torch."""
        return resolve_model(self.model).describe(self.model_options)
