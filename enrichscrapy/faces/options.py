"""The settings of the section Faces as one picklable value."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.faces.decode import DecodeLimits
from enrichscrapy.faces.model import ModelOptions, resolve_model
from enrichscrapy.faces.quality import Gates
from enrichscrapy.items import ModelInfo


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
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Read the settings of the section Faces; ``BadSetting`` names the one that is wrong."""
        read = _Reader(settings)
        weights = str(settings.get("FACE_WEIGHTS") or "")
        return cls(
            model=str(settings["FACE_MODEL"]),
            weights=Path(weights).expanduser() if weights else None,
            sha256=str(settings.get("FACE_WEIGHTS_SHA256") or ""),
            device=str(settings["FACE_DEVICE"]),
            threads=read.whole("FACE_THREADS", 1, 256),
            workers=read.whole("FACE_WORKERS", 0, 256),
            batch_size=read.whole("FACE_BATCH_SIZE", 1, 256),
            timeout=read.number("FACE_TIMEOUT", 1, 86400),
            worker_memory=read.whole("FACE_WORKER_MEMORY", 256, 1 << 20),
            limits=DecodeLimits(
                max_bytes=read.whole("PHOTO_MAX_BYTES", 1, 1 << 30),
                max_pixels=read.whole("PHOTO_MAX_PIXELS", 1, 178_000_000),
                work_side=read.whole("PHOTO_WORK_SIDE", 100, 100_000),
            ),
            gates=Gates(
                photo_min_side=read.whole("PHOTO_MIN_SIDE", 0, 100_000),
                min_size=read.number("FACE_MIN_SIZE", 0, 10_000),
                min_share=read.number("FACE_MIN_SHARE", 0, 1),
                min_score=read.number("FACE_MIN_SCORE", 0, 1),
                min_sharpness=read.number("FACE_MIN_SHARPNESS", 0, 1000),
                min_highlights=read.number("FACE_MIN_HIGHLIGHTS", 0, 255),
                max_shadows=read.number("FACE_MAX_SHADOWS", 0, 255),
                min_contrast=read.number("FACE_MIN_CONTRAST", 0, 128),
                max_clipped=read.number("FACE_MAX_CLIPPED", 0, 1),
                max_yaw=read.number("FACE_MAX_YAW", 0, 180),
                max_roll=read.number("FACE_MAX_ROLL", 0, 180),
                dominance=read.number("FACE_DOMINANCE", 0, 1000),
            ),
        )

    def without_gates(self) -> Self:
        """The same with every gate open and every face of a photo kept."""
        return dataclasses.replace(self, gates=Gates())

    @property
    def model_options(self) -> ModelOptions:
        return ModelOptions(self.weights, self.sha256, self.device, self.threads)

    def describe_model(self) -> ModelInfo:
        """The model these options name: verifies the weights, loads no torch."""
        return resolve_model(self.model).describe(self.model_options)


class _Reader:
    """Numbers out of settings that may be strings (``-s NAME=value``)."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = settings

    def number(self, name: str, low: float, high: float) -> float:
        value = self._settings[name]
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise BadSetting(f"{name}={value!r} is not a number") from None
        if not low <= number <= high:
            raise BadSetting(f"{name}={value} is not between {low:g} and {high:g}")
        return number

    def whole(self, name: str, low: int, high: int) -> int:
        number = self.number(name, low, high)
        if number != int(number):
            raise BadSetting(f"{name}={number:g} is not a whole number")
        return int(number)
