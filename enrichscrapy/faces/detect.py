"""MTCNN with facenet-pytorch's weights, over photos of unequal size.

The cascade is the published one: P-Net proposes over an image pyramid, R-Net and O-Net refine.
What differs from ``facenet_pytorch.MTCNN`` is where the time goes: the pyramid begins at the
smallest face that can pass the gates instead of at 20 pixels (its levels are a subset of the
plain ones), and the windows of all photos go through R-Net and O-Net together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from numpy.typing import NDArray
from PIL import Image
from torchvision.ops import batched_nms, nms

from enrichscrapy.faces.crop import Box
from enrichscrapy.faces.decode import Picture

CELL, STRIDE = 12, 2
FACTOR = 0.709
PLAIN_MIN_SIZE = 20
THRESHOLDS = (0.6, 0.7, 0.7)
BATCH = 512
# Boxes that share this much of the smaller one are one face.
SAME_FACE_OVERLAP = 0.7

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Detection:
    """A face in pixels of the upright photo: eyes, nose and mouth corners are its landmarks."""

    box: Box
    landmarks: tuple[tuple[float, float], ...]
    score: float

    @property
    def size(self) -> float:
        """The shorter side of the box."""
        x1, y1, x2, y2 = self.box
        return min(x2 - x1, y2 - y1)

    @property
    def area(self) -> float:
        x1, y1, x2, y2 = self.box
        return max(x2 - x1, 1.0) * max(y2 - y1, 1.0)


@dataclass
class _Windows:
    """Boxes (n, 4), scores (n,) and the photo each belongs to."""

    boxes: Floats
    scores: Floats
    photos: NDArray[np.int64]

    def pick(self, keep: NDArray[np.int64] | NDArray[np.bool_]) -> _Windows:
        return _Windows(self.boxes[keep], self.scores[keep], self.photos[keep])


class Detector:
    """Finds faces; ``device`` as for torch."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._pnet = PNet().eval().to(device)
        self._rnet = RNet().eval().to(device)
        self._onet = ONet().eval().to(device)

    def detect(
        self, pictures: Sequence[Picture], min_sizes: Sequence[float]
    ) -> list[list[Detection]]:
        """Faces of each picture, largest first, from about ``min_sizes`` pixels of the photo."""
        with torch.inference_mode():
            windows = self._propose(pictures, min_sizes)
            windows = self._refine(pictures, windows)
            found, landmarks = self._finish(pictures, windows)
        faces: list[list[Detection]] = [[] for _ in pictures]
        for box, score, photo, points in zip(
            found.boxes, found.scores, found.photos, landmarks, strict=True
        ):
            x1, y1, x2, y2 = box.tolist()
            marks = tuple((x, y) for x, y in points.tolist())
            faces[photo].append(Detection((x1, y1, x2, y2), marks, float(score)))
        return [sorted(each, key=lambda face: face.area, reverse=True) for each in faces]

    def _propose(self, pictures: Sequence[Picture], min_sizes: Sequence[float]) -> _Windows:
        parts = [
            self._propose_one(index, picture, size)
            for index, (picture, size) in enumerate(zip(pictures, min_sizes, strict=True))
        ]
        return _join(parts)

    def _propose_one(self, index: int, picture: Picture, min_size: float) -> _Windows:
        boxes, scores, moves = [], [], []
        for scale in pyramid(picture.width, picture.height, min_size):
            size = int(picture.width * scale + 1), int(picture.height * scale + 1)
            level = picture.image.resize(size, Image.Resampling.BOX)
            shift, face = self._pnet(self._tensor([np.asarray(level)]))
            found = _candidates(shift[0], face[0, 1], scale)
            keep = nms(found[0], found[1], 0.5)
            boxes.append(found[0][keep])
            scores.append(found[1][keep])
            moves.append(found[2][keep])
        if not boxes:
            return _nothing()
        all_boxes, all_scores, all_moves = torch.cat(boxes), torch.cat(scores), torch.cat(moves)
        keep = nms(all_boxes, all_scores, 0.7)
        sides = all_boxes[keep, 2:] - all_boxes[keep, :2]
        moved = all_boxes[keep] + all_moves[keep] * torch.cat([sides, sides], dim=1)
        count = len(keep)
        return _Windows(
            _square(moved.cpu().numpy()),
            all_scores[keep].cpu().numpy(),
            np.full(count, index, np.int64),
        )

    def _refine(self, pictures: Sequence[Picture], windows: _Windows) -> _Windows:
        windows, inputs = self._cut(pictures, windows, 24)
        if not len(windows.boxes):
            return windows
        moves, faces = self._run(self._rnet, inputs)
        scores = faces[:, 1]
        passed = scores > THRESHOLDS[1]
        windows = _Windows(windows.boxes[passed], scores[passed], windows.photos[passed])
        keep = _batched_nms(windows, 0.7)
        moved = _move(windows.boxes[keep], moves[passed][keep])
        return _Windows(_square(moved), windows.scores[keep], windows.photos[keep])

    def _finish(self, pictures: Sequence[Picture], windows: _Windows) -> tuple[_Windows, Floats]:
        windows, inputs = self._cut(pictures, windows, 48)
        if not len(windows.boxes):
            return windows, np.zeros((0, 5, 2), np.float32)
        moves, points, faces = self._run(self._onet, inputs)
        scores = faces[:, 1]
        passed = scores > THRESHOLDS[2]
        boxes = windows.boxes[passed]
        corner = boxes[:, None, :2] - 1
        sides = boxes[:, None, 2:] - boxes[:, None, :2] + 1
        landmarks = points[passed].reshape(-1, 2, 5).transpose(0, 2, 1) * sides + corner
        moved = _Windows(_move(boxes, moves[passed]), scores[passed], windows.photos[passed])
        keep = merge(moved.boxes, moved.scores, moved.photos)
        return moved.pick(keep), landmarks[keep]

    def _cut(
        self, pictures: Sequence[Picture], windows: _Windows, size: int
    ) -> tuple[_Windows, list[NDArray[np.uint8]]]:
        """The parts of the windows that lie inside their photos, resampled to ``size``."""
        kept, inputs = [], []
        for row, (box, photo) in enumerate(zip(windows.boxes, windows.photos, strict=True)):
            picture = pictures[photo]
            left, top, right, bottom = box.tolist()
            x1, y1 = max(math.trunc(left), 1) - 1, max(math.trunc(top), 1) - 1
            x2, y2 = (
                min(math.trunc(right), picture.width),
                min(math.trunc(bottom), picture.height),
            )
            if x2 <= x1 or y2 <= y1:
                continue
            across = picture.image.width / picture.width
            down = picture.image.height / picture.height
            area = (x1 * across, y1 * down, x2 * across, y2 * down)
            part = picture.image.resize((size, size), Image.Resampling.BOX, box=area)
            inputs.append(np.asarray(part))
            kept.append(row)
        return windows.pick(np.array(kept, np.int64)), inputs

    def _run(
        self, network: torch.nn.Module, inputs: Sequence[NDArray[np.uint8]]
    ) -> tuple[Floats, ...]:
        parts = [
            network(self._tensor(inputs[start : start + BATCH]))
            for start in range(0, len(inputs), BATCH)
        ]
        return tuple(torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True))

    def _tensor(self, images: Sequence[NDArray[np.uint8]]) -> torch.Tensor:
        batch = torch.from_numpy(np.stack(images)).to(self.device)
        return (batch.permute(0, 3, 1, 2).float() - 127.5) * 0.0078125


def pyramid(width: int, height: int, min_size: float) -> list[float]:
    """Scales of the plain pyramid, from the coarsest whose windows fit ``min_size`` downwards.

    Plain MTCNN begins at 12/20 and multiplies by 0.709; beginning at one of its own levels
    keeps the proposals the same.
    """
    first = math.floor(math.log(PLAIN_MIN_SIZE / max(min_size, 1.0)) / math.log(FACTOR))
    scale = CELL / PLAIN_MIN_SIZE * FACTOR**first
    scales = []
    while min(width, height) * scale >= CELL:
        scales.append(scale)
        scale *= FACTOR
    return scales


def merge(boxes: Floats, scores: Floats, photos: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indices that remain, best score first, when boxes mostly inside a better one are dropped."""
    order = np.argsort(-scores, kind="stable")
    areas = (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)
    keep: list[int] = []
    for index in order.tolist():
        rivals = [other for other in keep if photos[other] == photos[index]]
        if all(_shared(boxes, areas, index, other) <= SAME_FACE_OVERLAP for other in rivals):
            keep.append(index)
    return np.array(keep, np.int64)


def _shared(boxes: Floats, areas: Floats, a: int, b: int) -> float:
    """The common area over the smaller box's area."""
    left_top = np.maximum(boxes[a, :2], boxes[b, :2])
    right_bottom = np.minimum(boxes[a, 2:], boxes[b, 2:])
    width, height = np.maximum(right_bottom - left_top + 1, 0)
    return float(width * height / min(areas[a], areas[b]))


def _candidates(
    shift: torch.Tensor, face: torch.Tensor, scale: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    rows, columns = torch.nonzero(face >= THRESHOLDS[0], as_tuple=True)
    corner = torch.stack([columns, rows], dim=1).float() * STRIDE
    boxes = torch.cat([((corner + 1) / scale).floor(), ((corner + CELL) / scale).floor()], dim=1)
    return boxes, face[rows, columns], shift[:, rows, columns].T


def _batched_nms(windows: _Windows, threshold: float) -> NDArray[np.int64]:
    keep = batched_nms(
        torch.from_numpy(windows.boxes),
        torch.from_numpy(windows.scores),
        torch.from_numpy(windows.photos),
        threshold,
    )
    return np.asarray(keep.numpy(), np.int64)


def _move(boxes: Floats, moves: Floats) -> Floats:
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    moved: Floats = boxes + moves * np.concatenate([sides, sides], axis=1)
    return moved


def _square(boxes: Floats) -> Floats:
    sides = boxes[:, 2:] - boxes[:, :2]
    longest = sides.max(axis=1, keepdims=True, initial=0.0)
    corner = boxes[:, :2] + sides * 0.5 - longest * 0.5
    return np.concatenate([corner, corner + longest], axis=1)


def _join(parts: Sequence[_Windows]) -> _Windows:
    parts = [*parts, _nothing()]
    return _Windows(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.photos for part in parts]),
    )


def _nothing() -> _Windows:
    return _Windows(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
