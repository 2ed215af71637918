"""Detection beside the published cascade, and the pyramid that is seen at once."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from enrichscrapy.faces.crop import measure_overlap
from enrichscrapy.faces.decode import Picture
from enrichscrapy.faces.mtcnn import detect
from enrichscrapy.faces.mtcnn.cascade import Proposals, load_finisher, load_refiner
from enrichscrapy.faces.mtcnn.detect import Detector, merge
from enrichscrapy.faces.mtcnn.pyramid import CELL, FACTOR, STRIDE, Mosaic, list_scales
from enrichscrapy.faces.published import batched_nms
from tests.support import PROJECT

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def detector():
    return Detector(CPU)


@pytest.fixture(scope="module")
def plain():
    from facenet_pytorch import MTCNN  # it takes seconds to import, as torchvision does

    return MTCNN(keep_all=True)


def picture_of(image: Image.Image) -> Picture:
    return Picture(image, *image.size)


def noise(width: int, height: int) -> Picture:
    rng = np.random.default_rng(width * 1000 + height)
    small = Image.fromarray(rng.integers(0, 255, (12, 9, 3), np.uint8))
    return picture_of(small.resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("size", [(300, 400), (600, 800), (1200, 1600)])
@pytest.mark.parametrize("seed", [2, 3, 5, 8])
def test_the_same_faces_as_plain_use(detector, plain, portrait, seed, size):
    image = portrait(seed).resize(size, Image.Resampling.LANCZOS)
    boxes, scores = plain.detect(image)
    (detected,) = detector.detect([picture_of(image)], [0.1 * size[0]])
    found = [face for face in detected if face.score >= 0.95]
    sure = [box for box, score in zip(boxes, scores, strict=True) if score >= 0.95]
    assert len(found) == len(sure) == 1
    assert measure_overlap(found[0].box, sure[0]) > 0.7
    x1, y1, x2, y2 = found[0].box
    assert all(x1 < x < x2 and y1 < y < y2 for x, y in found[0].landmarks)


def test_the_networks_are_the_published_ones(plain):
    """Score, box shift and landmarks, each for itself; P-Net also where its pooling is left with
    a single row and column."""
    with torch.inference_mode():
        for size in ((24, 36), (25, 37)):
            windows = torch.from_numpy(np.asarray(noise(*size).image)[None] / 64.0 - 2).float()
            windows = windows.permute(0, 3, 1, 2)
            (moves,), (scores,) = plain.pnet(windows.contiguous())
            score, move = Proposals(CPU)(windows)
            torch.testing.assert_close(score, scores[1], atol=1e-6, rtol=1e-5)
            torch.testing.assert_close(move, moves.permute(1, 2, 0), atol=1e-5, rtol=1e-5)
        for load, network, side in (
            (load_refiner, plain.rnet, 24),
            (load_finisher, plain.onet, 48),
        ):
            windows = torch.rand(5, 3, side, side, generator=torch.manual_seed(1)) * 2 - 1
            *others, scores = network(windows)
            score, rest = load(CPU)(windows.contiguous(memory_format=torch.channels_last))
            torch.testing.assert_close(score, scores[:, 1], atol=1e-6, rtol=1e-5)
            torch.testing.assert_close(rest, torch.cat(others, 1), atol=1e-5, rtol=1e-5)


def test_photos_of_unequal_size_do_not_meet(detector, portrait):
    images = [portrait(2), portrait(3).resize((450, 600)), Image.new("RGB", (200, 900))]
    together = detector.detect([picture_of(image) for image in images], [40.0] * 3)
    alone = [detector.detect([picture_of(image)], [40.0])[0] for image in images]
    assert [len(faces) for faces in together] == [1, 1, 0]
    for faces, others in zip(together, alone, strict=True):
        for face, other in zip(faces, others, strict=True):
            assert measure_overlap(face.box, other.box) > 0.99


def test_how_many_windows_a_network_sees_at_once_changes_nothing(detector, portrait, monkeypatch):
    together = detector.detect([picture_of(portrait(2))], [40.0])[0]
    monkeypatch.setattr(detect, "AT_ONCE", 2 * 48 * 48)
    in_pairs = detector.detect([picture_of(portrait(2))], [40.0])[0]
    assert np.allclose([face.box for face in together], [face.box for face in in_pairs], atol=0.01)


def test_nothing_to_look_at(detector):
    assert detector.detect([], []) == []
    assert detector.detect([noise(11, 11)], [20.0]) == [[]]


def test_boxes_inside_a_better_one_are_one_face():
    boxes = np.array([[0, 0, 100, 100], [10, 10, 60, 60], [80, 80, 180, 180]], np.float32)
    scores = np.array([0.9, 0.99, 0.8], np.float32)
    assert merge(boxes, scores, np.zeros(3, np.int64)).tolist() == [1, 2]
    assert merge(boxes, scores, np.arange(3)).tolist() == [1, 0, 2]


@settings(max_examples=60)
@given(st.integers(12, 3000), st.integers(12, 3000), st.floats(1, 2000))
def test_levels_are_the_plain_ones(width, height, min_size):
    found = list_scales(width, height, min_size)
    levels = [0.6 * FACTOR**n for n in range(30)]
    for scale in found:
        assert min(abs(scale / level - 1) for level in levels) < 1e-9
        assert min(width, height) * scale >= CELL
    assert found == sorted(found, reverse=True)


@settings(max_examples=25)
@given(st.integers(40, 700), st.integers(40, 700), st.floats(10, 200))
def test_every_cell_of_every_level_is_seen_once(width, height, min_size):
    levels = list_scales(width, height, min_size)
    if not levels:
        return
    mosaic = Mosaic.of(noise(width, height), levels)
    for number, scale in enumerate(levels):
        across, down = int(width * scale + 1), int(height * scale + 1)
        cells = ((across - CELL) // STRIDE + 1) * ((down - CELL) // STRIDE + 1)
        assert (mosaic.levels == number).sum() == cells
    assert mosaic.canvas.shape[0] * mosaic.canvas.shape[1] < 3.5 * (width + 20) * (height + 20)


def test_levels_side_by_side_propose_what_they_propose_alone():
    picture, network = noise(240, 330), Proposals(CPU)
    levels = list_scales(240, 330, 24)
    mosaic = Mosaic.of(picture, levels)
    with torch.inference_mode():
        together, moves = network(_tensor(mosaic.canvas))
        for number, scale in enumerate(levels):
            lone = Mosaic.of(picture, [scale])
            alone, alone_moves = network(_tensor(lone.canvas))
            seen = torch.from_numpy(mosaic.levels == number)
            own = torch.from_numpy(lone.levels == 0)
            torch.testing.assert_close(together[seen], alone[own], atol=1e-5, rtol=0)
            torch.testing.assert_close(moves[seen], alone_moves[own], atol=1e-5, rtol=0)


def _tensor(canvas):
    return (torch.from_numpy(canvas[None]).float() - 127.5).mul_(0.0078125).permute(0, 3, 1, 2)


@given(
    st.integers(0, 60),
    st.integers(0, 2**31),
    st.sampled_from([0.0, 0.3, 0.5, 0.7, 1.0]),
)
@settings(max_examples=50)
def test_boxes_are_suppressed_as_by_torchvision(count, seed, threshold):
    import torchvision

    rng = np.random.default_rng(seed)
    corner, side = rng.uniform(0, 60, (count, 2)), rng.uniform(1, 40, (count, 2))
    boxes = torch.tensor(np.hstack([corner, corner + side]), dtype=torch.float32)
    scores = torch.tensor(rng.permutation(count) / 100, dtype=torch.float32)
    groups = torch.tensor(rng.integers(0, 4, count))
    expected = torchvision.ops.batched_nms(boxes, scores, groups, threshold)
    assert batched_nms(boxes, scores, groups, threshold).tolist() == expected.tolist()


@pytest.mark.long
def test_a_worker_does_without_torchs_compiler():
    """It takes longer to import than all the rest, and torchvision imports it."""
    script = (
        "import sys, torch, enrichscrapy.faces.facenet.network\n"
        "from enrichscrapy.faces.mtcnn.detect import Detector\n"
        "Detector(torch.device('cpu'))\n"
        "print([name for name in ('torchvision', 'torch._dynamo') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
