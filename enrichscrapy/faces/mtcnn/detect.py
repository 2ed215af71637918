"""MTCNN over photos of unequal size, at the sizes that can pass the gates.

The cascade is the published one: P-Net proposes over an image pyramid, R-Net and O-Net refine.
What differs from ``facenet_pytorch.MTCNN`` is where the time goes: the pyramid begins at the
smallest face wanted instead of at 20 pixels (its levels are a subset of the plain ones), P-Net
sees all levels at once, levels and windows are resampled from halvings of the photo, and the
windows of all photos go through R-Net and O-Net together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from enrichscrapy.faces.crop import Box, Detection
from enrichscrapy.faces.decode import Picture
from enrichscrapy.faces.mtcnn.cascade import Proposals, Refiner, load_finisher, load_refiner
from enrichscrapy.faces.mtcnn.landmarks import settle
from enrichscrapy.faces.mtcnn.pyramid import CELL, STRIDE, Mosaic, list_scales
from enrichscrapy.faces.published import batched_nms, nms

THRESHOLDS = (0.6, 0.7, 0.7)
# Pixels of the windows that a network sees at once: with more, what it computes leaves the
# processor's cache. On photographs R-Net and O-Net took 12.7 ms a look so, and 14.0 all at once.
AT_ONCE = 16 * 48 * 48
# Sizes of the windows in which a face is looked at again, in times its box's longer side.
WINDOWS = (1.05, 0.85, 0.95, 1.15, 1.3, 1.5)
# Log odds of an upright face, and their lead over those of the turned ones, from which on the first
# window is enough: so it is for 124 upright faces of 146, and for no turned one of 67.
CLEAR, CLEAR_LEAD = 4.0, 3.0
# Log odds that a turn may lack of the best one's in the first window, to be looked at in others:
# of 105 faces that were not clear, the turn that led in the end lacked 0.7 at most.
CHANCE = 3.0
# Boxes that share this much of the smaller one are one face.
SAME_FACE_OVERLAP = 0.7

Floats = NDArray[np.float32]
Whole = NDArray[np.int64]


@dataclass
class _Windows:
    """Boxes (n, 4), scores (n,) and the photo each belongs to."""

    boxes: Floats
    scores: Floats
    photos: Whole

    def pick(self, keep: Whole | NDArray[np.bool_]) -> _Windows:
        return _Windows(self.boxes[keep], self.scores[keep], self.photos[keep])


class Detector:
    """Finds faces, and looks at them again."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._pnet = Proposals(device)
        self._rnet = load_refiner(device)
        self._onet = load_finisher(device)

    def detect(
        self, pictures: Sequence[Picture], min_sizes: Sequence[float]
    ) -> list[list[Detection]]:
        """Faces of each picture, largest first, from about ``min_sizes`` pixels of the photo."""
        with torch.inference_mode():
            proposed = [
                self._propose(number, picture, size)
                for number, (picture, size) in enumerate(zip(pictures, min_sizes, strict=True))
            ]
            windows = self._refine(pictures, _join(proposed))
            found, landmarks = self._finish(pictures, windows)
        faces: list[list[Detection]] = [[] for _ in pictures]
        for box, score, photo, points in zip(
            found.boxes, found.scores, found.photos, landmarks, strict=True
        ):
            x1, y1, x2, y2 = box.tolist()
            marks = tuple((x, y) for x, y in points.tolist())
            faces[photo].append(Detection((x1, y1, x2, y2), marks, float(score)))
        return [sorted(each, key=lambda face: face.area, reverse=True) for each in faces]

    def rate_turns(self, pictures: Sequence[Picture], boxes: Sequence[Box]) -> NDArray[np.float64]:
        """How certainly each box (of its picture) holds a face, as it is and turned: (n, 4).

        Log odds of O-Net in a window round the box, turned counter-clockwise by 0 to 3 quarters;
        where these leave it open, their mean over windows of several sizes, and minus infinity for
        turns without a chance. O-Net knows faces that lie on their side or head, but none as well
        as an upright one; what is no face it takes for one at some sizes only.
        """
        every = np.ones((len(boxes), 4), np.bool_)
        odds: NDArray[np.float64] = self._rate(pictures, boxes, WINDOWS[:1], every)[0]
        clear = (odds[:, 0] >= CLEAR) & (odds[:, 0] - odds[:, 1:].max(axis=1) >= CLEAR_LEAD)
        open_ = np.flatnonzero(~clear).tolist()
        likely = odds[open_] >= odds[open_].max(axis=1, keepdims=True) - CHANCE
        likely[:, 0] = True
        others = self._rate(
            [pictures[i] for i in open_], [boxes[i] for i in open_], WINDOWS[1:], likely
        )
        odds[open_] = np.concatenate([odds[None, open_], others]).mean(axis=0)
        return odds

    def settle(self, picture: Picture, face: Detection) -> Detection:
        """The face of a picture with its landmarks looked at again, upright."""
        return settle(self._find_landmarks, picture, face)

    def _find_landmarks(self, windows: NDArray[np.uint8]) -> Floats:
        """(n, 48, 48, 3) -> (n, 5, 2), as shares of the window's side."""
        with torch.inference_mode():
            _, heads = self._run(self._onet, windows, 14)
        return heads[:, 4:].reshape(-1, 2, 5).transpose(0, 2, 1)

    def _rate(
        self,
        pictures: Sequence[Picture],
        boxes: Sequence[Box],
        sizes: Sequence[float],
        turns: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Log odds by size, box and turn, minus infinity where ``turns`` (n, 4) does not ask."""
        odds = np.full((len(sizes), len(boxes), 4), -np.inf)
        if not len(boxes):
            return odds
        windows = [
            (picture, _make_window(box, picture, size))
            for size in sizes
            for picture, box in zip(pictures, boxes, strict=True)
        ]
        upright = _resample(windows, 48).reshape(len(sizes), len(boxes), 48, 48, 3)
        asked = [np.rot90(upright[:, box], turn, (1, 2)) for box, turn in np.argwhere(turns)]
        with torch.inference_mode():
            scores, _ = self._run(self._onet, np.concatenate(asked), 14)
        likely = np.clip(scores.astype(np.float64), 1e-7, 1 - 1e-7)
        odds[:, turns] = np.log(likely / (1 - likely)).reshape(len(asked), len(sizes)).T
        return odds

    def _propose(self, number: int, picture: Picture, min_size: float) -> _Windows:
        """P-Net over the pyramid of one picture: square windows in pixels of the photo."""
        levels = list_scales(picture.width, picture.height, min_size)
        if not levels:
            return _make_empty()
        mosaic = Mosaic.of(picture, levels)
        found, moves = self._pnet(self._to_tensor(mosaic.canvas[None]))
        likely = (found >= THRESHOLDS[0]) & torch.from_numpy(mosaic.levels >= 0).to(found.device)
        rows, columns = torch.nonzero(likely, as_tuple=True)
        scores, shifts = found[rows, columns], moves[rows, columns]
        cells = torch.stack([columns, rows], dim=1).cpu().numpy()
        level = mosaic.levels[cells[:, 1], cells[:, 0]]
        corner = (cells - mosaic.corners[level]) * STRIDE
        scale = mosaic.list_scales[level][:, None]
        edges = np.concatenate([(corner + 1) / scale, (corner + CELL) / scale], axis=1)
        boxes = torch.from_numpy(np.floor(edges).astype(np.float32)).to(found.device)
        keep = batched_nms(boxes, scores, torch.from_numpy(level).to(found.device), 0.5)
        keep = keep[nms(boxes[keep], scores[keep], 0.7)]
        boxes, scores, shifts = boxes[keep], scores[keep], shifts[keep]
        sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
        moved = (boxes + shifts * sides).cpu().numpy()
        return _Windows(
            _make_square(moved), scores.cpu().numpy(), np.full(len(keep), number, np.int64)
        )

    def _refine(self, pictures: Sequence[Picture], windows: _Windows) -> _Windows:
        windows, inputs = _cut(pictures, windows, 24)
        scores, shifts = self._run(self._rnet, inputs, 4)
        passed = scores > THRESHOLDS[1]
        windows = _Windows(windows.boxes[passed], scores[passed], windows.photos[passed])
        keep = _batched_nms(windows, 0.7)
        moved = _move(windows.boxes[keep], shifts[passed][keep])
        return _Windows(_make_square(moved), windows.scores[keep], windows.photos[keep])

    def _finish(self, pictures: Sequence[Picture], windows: _Windows) -> tuple[_Windows, Floats]:
        windows, inputs = _cut(pictures, windows, 48)
        scores, heads = self._run(self._onet, inputs, 14)
        passed = scores > THRESHOLDS[2]
        boxes, heads = windows.boxes[passed], heads[passed]
        corner = boxes[:, None, :2] - 1
        sides = boxes[:, None, 2:] - boxes[:, None, :2] + 1
        landmarks = heads[:, 4:].reshape(-1, 2, 5).transpose(0, 2, 1) * sides + corner
        moved = _Windows(_move(boxes, heads[:, :4]), scores[passed], windows.photos[passed])
        keep = merge(moved.boxes, moved.scores, moved.photos)
        return moved.pick(keep), landmarks[keep]

    def _run(
        self, network: Refiner, inputs: NDArray[np.uint8], heads: int
    ) -> tuple[Floats, Floats]:
        """Scores (n,) and the other heads (n, heads)."""
        if not len(inputs):
            return np.zeros(0, np.float32), np.zeros((0, heads), np.float32)
        step = AT_ONCE // (inputs.shape[1] * inputs.shape[2])
        parts = [
            network(self._to_tensor(inputs[start : start + step]))
            for start in range(0, len(inputs), step)
        ]
        scores, rest = (torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True))
        return scores, rest

    def _to_tensor(self, images: NDArray[np.uint8]) -> Tensor:
        """(n, h, w, 3) -> (n, 3, h, w), channels last, scaled as MTCNN was trained."""
        batch = torch.from_numpy(np.ascontiguousarray(images)).to(self._device)
        return (batch.float() - 127.5).mul_(0.0078125).permute(0, 3, 1, 2)


def _make_window(box: Box, picture: Picture, times: float) -> Box:
    """A square of this many times the box's longer side, as far as it lies in the picture."""
    x1, y1, x2, y2 = box
    # A box whose middle lies outside still has to give a window.
    x = min(max((x1 + x2) / 2, 1.0), picture.width - 1.0)
    y = min(max((y1 + y2) / 2, 1.0), picture.height - 1.0)
    half = max(times * max(x2 - x1, y2 - y1) / 2, 1.0)
    return (
        max(x - half, 0.0),
        max(y - half, 0.0),
        min(x + half, float(picture.width)),
        min(y + half, float(picture.height)),
    )


def merge(boxes: Floats, scores: Floats, photos: Whole) -> Whole:
    """Indices that remain, best score first, when boxes mostly inside a better one are dropped."""
    areas = (boxes[:, 2] - boxes[:, 0] + 1) * (boxes[:, 3] - boxes[:, 1] + 1)
    keep: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        rivals = [other for other in keep if photos[other] == photos[index]]
        if all(
            _measure_shared_area(boxes, areas, index, other) <= SAME_FACE_OVERLAP
            for other in rivals
        ):
            keep.append(index)
    return np.array(keep, np.int64)


def _measure_shared_area(boxes: Floats, areas: Floats, a: int, b: int) -> float:
    """The common area over the smaller box's area."""
    left_top = np.maximum(boxes[a, :2], boxes[b, :2])
    right_bottom = np.minimum(boxes[a, 2:], boxes[b, 2:])
    width, height = np.maximum(right_bottom - left_top + 1, 0)
    return float(width * height / min(areas[a], areas[b]))


def _cut(
    pictures: Sequence[Picture], windows: _Windows, size: int
) -> tuple[_Windows, NDArray[np.uint8]]:
    """The parts of the windows that lie inside their photos, resampled to ``size``."""
    limits = np.array([_measure_size(picture) for picture in pictures], np.float32)[windows.photos]
    boxes = np.trunc(windows.boxes)
    boxes[:, :2] = np.maximum(boxes[:, :2] - 1, 0)
    boxes[:, 2:] = np.minimum(boxes[:, 2:], limits.reshape(-1, 2))
    inside: NDArray[np.bool_] = np.all(boxes[:, 2:] > boxes[:, :2], axis=1)
    windows = windows.pick(inside)
    places = zip(windows.photos, boxes[inside].tolist(), strict=True)
    return windows, _resample([(pictures[photo], tuple(box)) for photo, box in places], size)


def _resample(windows: Sequence[tuple[Picture, Box]], size: int) -> NDArray[np.uint8]:
    """Parts of pictures, brought to ``size``: (n, size, size, 3). They come out of Pillow together,
    since each array it makes takes half as long as a window."""
    strip = Image.new("RGB", (size, size * len(windows)))
    for row, (picture, box) in enumerate(windows):
        strip.paste(picture.cut(box, size), (0, row * size))
    return np.array(strip).reshape(-1, size, size, 3)


def _batched_nms(windows: _Windows, threshold: float) -> Whole:
    keep = batched_nms(
        torch.from_numpy(windows.boxes),
        torch.from_numpy(windows.scores),
        torch.from_numpy(windows.photos),
        threshold,
    )
    return np.asarray(keep.numpy(), np.int64)


def _move(boxes: Floats, shifts: Floats) -> Floats:
    sides = boxes[:, 2:] - boxes[:, :2] + 1
    moved: Floats = boxes + shifts * np.concatenate([sides, sides], axis=1)
    return moved


def _make_square(boxes: Floats) -> Floats:
    sides = boxes[:, 2:] - boxes[:, :2]
    longest = sides.max(axis=1, keepdims=True, initial=0.0)
    corner = boxes[:, :2] + sides * 0.5 - longest * 0.5
    return np.concatenate([corner, corner + longest], axis=1)


def _measure_size(picture: Picture) -> tuple[float, float]:
    return picture.width, picture.height


def _join(parts: Sequence[_Windows]) -> _Windows:
    parts = [*parts, _make_empty()]
    return _Windows(
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.scores for part in parts]),
        np.concatenate([part.photos for part in parts]),
    )


def _make_empty() -> _Windows:
    return _Windows(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))
