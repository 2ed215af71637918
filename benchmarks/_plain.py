"""facenet-pytorch used plainly, in a process of its own.

``MTCNN(keep_all=True)`` and ``InceptionResnetV1`` in ``eval`` without gradients, one photo at a
time, with the package's defaults and torch's default threads.
"""

from __future__ import annotations

import io
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.facenet import weights
from enrichscrapy.faces.model import FacenetVGGFace2, ModelOptions
from enrichscrapy.items import ModelInfo

if TYPE_CHECKING:
    from enrichscrapy.faces.facenet.network import Network

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Timing:
    """Seconds on the clock and of the processor."""

    wall: float
    processor: float


@dataclass(frozen=True)
class Found:
    """One photo's faces: boxes (n, 4) and scores (n,)."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]


@dataclass(frozen=True)
class NetworkTiming:
    """Faces a second of both networks alone, with the same threads, and their vectors; ours in
    each of its engines, one pass a face, of which it would take ``chosen`` here. The vectors are
    means of a face's and its mirror image's, as they are stored."""

    plain: float
    ours: dict[str, float]
    chosen: str
    threads: int
    plain_vectors: NDArray[np.float32]
    our_vectors: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class OnePass:
    """The network as it ships, without the mirror images: what plain use computes."""

    info: ModelInfo
    network: Network

    describe = staticmethod(FacenetVGGFace2.describe)

    @classmethod
    def load(cls, options: ModelOptions) -> Self:
        from enrichscrapy.faces.facenet.network import Network  # torch: workers only

        data, sha256 = weights.read(options.weights, options.sha256)
        network = Network(data, sha256, options.device, options.threads)
        return cls(cls.describe(options), network)

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.network.embed(crops)


class PlainProcess:
    """The other process; every method waits for its answer."""

    def __init__(self, weights: Path, sha256: str) -> None:
        context = multiprocessing.get_context("spawn")
        self._link, theirs = context.Pipe()
        started = time.perf_counter()
        self._process = context.Process(target=_serve, args=(theirs, weights, sha256), daemon=True)
        self._process.start()
        theirs.close()
        self._link.recv()
        self.start_seconds = time.perf_counter() - started

    def look(self, photos: Sequence[bytes]) -> tuple[Timing, list[Found]]:
        """Faces and vectors of the photos; the vectors stay there."""
        return self._ask(_Plain.look, list(photos))

    def networks(self, crops: NDArray[np.uint8], batch: int, threads: int) -> NetworkTiming:
        """Both embedding networks over the same crops, in turns."""
        return self._ask(_Plain.networks, crops, batch, threads)

    def memory(self) -> int:
        """Resident bytes."""
        return self._ask(_Plain.memory)

    def close(self) -> None:
        self._link.send(None)
        self._process.join()

    def _ask(
        self, method: Callable[Concatenate[_Plain, P], T], *arguments: P.args, **named: P.kwargs
    ) -> T:
        self._link.send((method.__name__, arguments, named))
        answer: T = self._link.recv()
        return answer


def _serve(link: Connection, weights: Path, sha256: str) -> None:
    plain = _Plain(weights, sha256)
    link.send("ready")
    while (asked := link.recv()) is not None:
        name, arguments, named = asked
        link.send(getattr(plain, name)(*arguments, **named))


class _Plain:
    def __init__(self, weights: Path, sha256: str) -> None:
        import torch
        from facenet_pytorch import MTCNN, InceptionResnetV1

        self._weights, self._sha256 = weights, sha256
        state = torch.load(weights, map_location="cpu", weights_only=True)
        state = {k: v.float() for k, v in state.items() if not k.startswith("logits.")}
        self._mtcnn = MTCNN(keep_all=True)
        self._network = InceptionResnetV1().eval()
        self._network.load_state_dict(state)

    def look(self, photos: Sequence[bytes]) -> tuple[Timing, list[Found]]:
        import torch
        from PIL import Image

        wall, processor, found = time.perf_counter(), time.process_time(), []
        with torch.no_grad():
            for photo in photos:
                image = Image.open(io.BytesIO(photo)).convert("RGB")
                boxes, scores = self._mtcnn.detect(image)
                if boxes is None:
                    found.append(Found(np.zeros((0, 4), np.float32), np.zeros(0, np.float32)))
                    continue
                self._network(self._mtcnn.extract(image, boxes, None))
                found.append(Found(boxes.astype(np.float32), scores.astype(np.float32)))
        return Timing(time.perf_counter() - wall, time.process_time() - processor), found

    def networks(self, crops: NDArray[np.uint8], batch: int, threads: int) -> NetworkTiming:
        """In turns, each by the processor time of its best round: others may be busy here."""
        import torch

        from enrichscrapy.faces import engines
        from enrichscrapy.faces.facenet.network import (
            BFLOAT16,
            FLOAT32,
            ONNX_RUNTIME,
            Network,
            normalise,
        )

        data = self._weights.read_bytes()
        chosen = Network(data, self._sha256, "cpu", threads).engine
        names = [FLOAT32, ONNX_RUNTIME] + [BFLOAT16] * engines.multiplies_bfloat16()
        ours = {name: Network(data, self._sha256, "cpu", threads, name) for name in names}
        torch.set_num_threads(threads)

        def plainly(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
            with torch.no_grad():
                pixels = (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - 127.5) / 128.0
                return np.stack([self._network(one[None])[0].numpy() for one in pixels])

        def in_batches(network: Network) -> None:
            for start in range(0, len(crops), batch):
                network.embed(crops[start : start + batch])

        ways = {"plain": lambda: plainly(crops)} | {
            name: partial(in_batches, network) for name, network in ours.items()
        }
        best = dict.fromkeys(ways, float("inf"))
        for round_number in range(4):  # the first one warms up
            for name, way in ways.items():
                begun = time.process_time()
                way()
                seconds = time.process_time() - begun
                best[name] = min(best[name], seconds if round_number else float("inf"))
        mirrored = np.ascontiguousarray(crops[:, :, ::-1])
        return NetworkTiming(
            plain=len(crops) / best["plain"],
            ours={name: len(crops) / best[name] for name in ours},
            chosen=chosen,
            threads=threads,
            plain_vectors=normalise(plainly(crops) + plainly(mirrored)),
            our_vectors={name: network.embed_mirrored(crops)[0] for name, network in ours.items()},
        )

    def memory(self) -> int:
        from enrichscrapy.faces.worker import measure_memory

        return measure_memory()
