"""Ways of looking at photos that an evaluation compares."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.crop import Box
from enrichscrapy.faces.engine import FaceEngine
from enrichscrapy.faces.options import FaceOptions
from enrichscrapy.items import PhotoOutcome, Vector


@dataclass(frozen=True)
class Found:
    """The result of one way of looking at one photo: its largest face, or why there is none."""

    outcome: str
    box: Box | None = None
    vector: Vector | None = None
    quality: float | None = None


class Looker(Protocol):
    """One way of looking at photos."""

    def look(self, photos: Sequence[bytes]) -> list[Found]: ...


class Engine:
    """The engine as the crawl uses it, with or without its gates."""

    def __init__(self, options: FaceOptions) -> None:
        self._engine = FaceEngine(options)

    def look(self, photos: Sequence[bytes]) -> list[Found]:
        found = []
        for seen in self._engine.look(photos):
            if not seen.faces:
                found.append(Found(seen.outcome.value))
                continue
            face = seen.faces[0]
            found.append(Found(PhotoOutcome.FACES.value, face.box, face.vector, face.quality))
        return found


class Plain:
    """facenet-pytorch's ``MTCNN`` and ``InceptionResnetV1`` with their defaults, photo by photo."""

    def __init__(self, options: FaceOptions) -> None:
        from facenet_pytorch import MTCNN

        from enrichscrapy.faces.facenet import weights
        from enrichscrapy.faces.facenet.network import build_plain, load_state

        data, _ = weights.read(options.weights, options.sha256)
        self._network = build_plain(load_state(data))
        self._mtcnn = MTCNN()

    def look(self, photos: Sequence[bytes]) -> list[Found]:
        return [self._look(photo) for photo in photos]

    def _look(self, photo: bytes) -> Found:
        import torch
        from PIL import Image

        image = Image.open(io.BytesIO(photo)).convert("RGB")
        with torch.inference_mode():
            boxes, _ = self._mtcnn.detect(image)
            if boxes is None:
                return Found(PhotoOutcome.NO_FACE.value)
            crop = self._mtcnn.extract(image, boxes[:1], None)
            vector: NDArray[np.float32] = self._network(crop[None])[0].numpy()
        x1, y1, x2, y2 = (float(edge) for edge in boxes[0])
        return Found(PhotoOutcome.FACES.value, (x1, y1, x2, y2), vector)
