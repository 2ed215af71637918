"""A card's network in ONNX Runtime: checked against the card, within bounded memory."""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from enrichscrapy.exceptions import WeightsError
from enrichscrapy.faces.cards.card import Card
from enrichscrapy.faces.cards.graph import check_graph
from enrichscrapy.faces.facenet import probe
from enrichscrapy.faces.onnx_session import open_session, pick_providers
from enrichscrapy.facts.text import fold_error

FLOATS: dict[str, type[np.floating[Any]]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
}
# Memory for a network while it is opened and tried: its weights as read, parsed, prepared and
# rearranged, and what a batch needs.
COPIES, SPARE = 5, 1 << 30
TRIED = 3
"""Faces of the first batch."""
# The half-precision vector of a card, and another processor's rounding.
LEAST_COSINE = 0.995
SAME_ALONE = 0.999

Vectors = NDArray[np.float32]


class CardNetwork:
    """(n, side, side, 3) RGB crops -> (n, dimension) vectors of unit length.

    Raises ``WeightsError`` when the file is not what the card says, before the first photo.
    """

    def __init__(self, card: Card, device: str, threads: int) -> None:
        self.card = card
        data = card.read_weights()
        with _limit_memory(COPIES * len(data) + SPARE, on="CPU" if _runs_on_cpu(device) else ""):
            check_graph(data)
            self._session = open_session(data, device, threads or 1)
            self._input, self._type, self._one_by_one = self._check_input()
            self._output = self._check_output()
            self.drawn = self._try()

    def embed(self, crops: NDArray[np.uint8]) -> Vectors:
        """A vector that is not finite stays so: the caller checks before it stores one."""
        if not self.card.mirror:
            return _normalise(self._run(crops))
        here, there = np.split(_normalise(self._run(np.concatenate([crops, crops[:, :, ::-1]]))), 2)
        return _normalise(here + there)

    # --- Running -----------------------------------------------------------------------------

    def _run(self, crops: NDArray[np.uint8]) -> Vectors:
        """(n, dimension) as the network gives them."""
        pixels = self._scale(crops)
        step = 1 if self._one_by_one else max(len(pixels), 1)
        parts = [
            self._session.run([self._output], {self._input: pixels[start : start + step]})[0]
            for start in range(0, len(pixels), step)
        ]
        shape = (len(crops), self.card.dimension)
        made = np.concatenate(parts) if parts else np.zeros(shape)
        if made.size != len(crops) * self.card.dimension:
            raise WeightsError(
                f"FACE_MODEL: for {len(crops)} faces its network gives {made.shape}, and the card "
                f"says a dimension of {self.card.dimension}"
            )
        return np.asarray(made.reshape(shape), np.float32)

    def _scale(self, crops: NDArray[np.uint8]) -> NDArray[Any]:
        wanted = self.card.input
        pixels = crops[..., ::-1] if wanted.channels == "BGR" else crops
        mean, scale = (np.asarray(each, np.float32) for each in (wanted.mean, wanted.scale))
        values = (pixels.astype(np.float32) - mean) / scale
        if wanted.layout == "NCHW":
            values = values.transpose(0, 3, 1, 2)
        return np.ascontiguousarray(values, self._type)

    # --- Checking ----------------------------------------------------------------------------

    def _check_input(self) -> tuple[str, type[np.floating[Any]], bool]:
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise WeightsError(f"FACE_MODEL: its network has {len(inputs)} inputs instead of one")
        (taken,) = inputs
        if taken.type not in FLOATS:
            raise WeightsError(f"FACE_MODEL: its network takes {taken.type}, no floating point")
        side = self.card.input.size
        wanted = [3, side, side] if self.card.input.layout == "NCHW" else [side, side, 3]
        fits = len(taken.shape) == 4 and all(
            not isinstance(has, int) or has == wants
            for has, wants in zip(taken.shape[1:], wanted, strict=True)
        )
        if not fits or (isinstance(taken.shape[0], int) and taken.shape[0] != 1):
            raise WeightsError(
                f"FACE_MODEL: its network takes {taken.shape}, the card says [n, "
                f"{', '.join(map(str, wanted))}] ({self.card.input.layout})"
            )
        return taken.name, FLOATS[taken.type], isinstance(taken.shape[0], int)

    def _check_output(self) -> str:
        outputs = {output.name: output for output in self._session.get_outputs()}
        name = self.card.output or next(iter(outputs))
        if name not in outputs or (len(outputs) > 1 and not self.card.output):
            names = ", ".join(ascii(each).strip("'") for each in outputs)
            raise WeightsError(
                f"FACE_MODEL: its network has the outputs {names}: name the vectors' one on the "
                "card, as output"
            )
        given = outputs[name]
        if given.type not in FLOATS:
            raise WeightsError(f"FACE_MODEL: its network gives {given.type}, no floating point")
        sizes = given.shape[1:]
        if all(isinstance(size, int) for size in sizes) and np.prod(sizes) != self.card.dimension:
            raise WeightsError(
                f"FACE_MODEL: its network gives {given.shape}, and the card says a dimension of "
                f"{self.card.dimension}"
            )
        return name

    def _try(self) -> Vectors:
        """The vector of the drawn face; ``WeightsError`` when it cannot be one."""
        crops = np.stack([_draw_probe(self.card.input.size)] * TRIED)
        crops[1] = crops[1][::-1]  # on its head: another picture
        try:
            together = self.embed(crops)
            alone = self.embed(crops[:1])
        except WeightsError:
            raise
        except Exception as error:  # ONNX Runtime's own classes
            raise WeightsError(f"FACE_MODEL: its network fails: {fold_error(error)}") from error
        if not np.isfinite(together).all() or not np.allclose(
            np.linalg.norm(together, axis=1), 1, atol=1e-3
        ):
            raise WeightsError("FACE_MODEL: its network gives no finite vectors")
        if together[0] @ alone[0] < SAME_ALONE or together[0] @ together[2] < SAME_ALONE:
            raise WeightsError("FACE_MODEL: its network gives a face in company another vector")
        expected = self.card.expected
        if expected is not None and not together[0] @ expected >= LEAST_COSINE:
            raise WeightsError(
                f"FACE_MODEL: the vector of a known face has a cosine of "
                f"{together[0] @ expected:.4f} to the card's: this is another network, or channels "
                "or scaling differ"
            )
        first: Vectors = together[0]
        return first


def _draw_probe(side: int) -> NDArray[np.uint8]:
    picture = Image.fromarray(probe.draw())
    return np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR))


def _normalise(vectors: Vectors) -> Vectors:
    with np.errstate(all="ignore"):
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _runs_on_cpu(device: str) -> bool:
    return len(pick_providers(device)) == 1


@contextlib.contextmanager
def _limit_memory(more: int, *, on: str) -> Iterator[None]:
    """Let this process take so many bytes more than it has, on Linux and on the CPU: what asks for
    more than that gets an error, not the machine's memory."""
    if not on or not sys.platform.startswith("linux"):
        yield
        return
    old = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _measure_data_bytes() + more
    hard = old[1] if old[1] != resource.RLIM_INFINITY else limit
    resource.setrlimit(resource.RLIMIT_DATA, (min(limit, hard), old[1]))
    try:
        yield
    except MemoryError as error:
        raise WeightsError(
            f"FACE_MODEL: its network needs more than {more >> 20} MiB to open"
        ) from error
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, old)


def _measure_data_bytes() -> int:
    """What RLIMIT_DATA counts now."""
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes["VmData"].split()[0]) << 10
