"""InceptionResnetV1, loaded without trusting the file and run as fast as the machine allows."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from enrichscrapy.exceptions import BadSetting, WeightsError
from enrichscrapy.faces import engines
from enrichscrapy.faces.facenet import probe, selftest
from enrichscrapy.faces.facenet.folded import FoldedNet
from enrichscrapy.faces.published import make_inception_resnet

if TYPE_CHECKING:
    from facenet_pytorch import InceptionResnetV1

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""(n, 160, 160, 3) RGB -> (n, 512) of unit length."""

FLOAT32, BFLOAT16, ONNX_RUNTIME = "float32", "bfloat16", "onnxruntime"
# Least cosine of a stored vector to torch's in float32: below it, an engine is another model.
SAME_MODEL = 0.9999
# Faces computed together to see how long it takes.
MEASURED = 4
# Faces that ONNX Runtime computes together: with 32 the processor's cache is too small, with 2 its
# multiplications are (37.4 and 36 faces a second, against 39).
AT_ONCE = 16


def pick_device(name: str) -> torch.device:
    """``auto``, ``cpu`` or ``cuda``; ``BadSetting`` for a GPU that is not there."""
    if name not in ("auto", "cpu", "cuda"):
        raise BadSetting(f"FACE_DEVICE={name} is none of auto, cpu, cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise BadSetting("FACE_DEVICE=cuda but torch finds no CUDA device; use auto or cpu")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def load_state(data: bytes) -> dict[str, torch.Tensor]:
    """The state dict in a weights file, in float32; never runs code from the file."""
    try:
        state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
        # The classifier over the training identities is of no use here.
        return {k: v.float() for k, v in state.items() if not k.startswith("logits.")}
    except Exception as error:  # bytes that are no state dict fail with any kind of error
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise WeightsError(f"the face weights are no state dict: {reason}") from error


def build_plain(state: dict[str, torch.Tensor]) -> InceptionResnetV1:
    """The network as published, in float32; ``WeightsError`` when the weights do not fit it."""
    network = make_inception_resnet()
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        reason = str(error).strip().partition("\n")[0]
        raise WeightsError(f"the face weights do not fit InceptionResnetV1: {reason}") from error
    return network.eval()


class Network:
    """The embedding network behind :class:`~enrichscrapy.faces.model.FacenetVGGFace2`.

    ``engine`` names the way it is computed: the fastest on this machine, or torch's float32 where
    that one's vectors are not the same.
    """

    def __init__(
        self, data: bytes, sha256: str, device: str, threads: int, engine: str = ""
    ) -> None:
        if threads:
            torch.set_num_threads(threads)
        where = pick_device(device)
        published = build_plain(load_state(data))
        ways = _Ways(published, where, threads or torch.get_num_threads())
        self.engine = engine or ways.choose()
        self.embed: Embed = ways.build(self.engine)
        if not selftest.agrees(self.embed, published, SAME_MODEL):
            self.engine, self.embed = FLOAT32, ways.build(FLOAT32)
        selftest.check(self.embed, published, sha256)

    def embed_mirrored(
        self, crops: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See :func:`average_mirrored`.

        On three sets of real faces it accepts 2 to 3 more of 100 at one false accept in 10,000.
        """
        return average_mirrored(self.embed, crops)


class _Ways:
    """The ways of computing one network on one device."""

    def __init__(self, published: InceptionResnetV1, device: torch.device, threads: int) -> None:
        self._published = published
        self._device = device
        self._threads = threads

    def choose(self) -> str:
        """The fastest way on this machine; on a GPU there is but one."""
        if self._device.type != "cpu":
            return FLOAT32
        names = [FLOAT32, ONNX_RUNTIME]
        names += [BFLOAT16] if engines.multiplies_bfloat16() else []
        crops = np.stack([probe.draw()] * MEASURED)
        return engines.find_fastest(
            "facenet",
            names,
            self._threads,
            lambda: {name: partial(self.build(name), crops) for name in names},
        )

    def build(self, name: str) -> Embed:
        if name == ONNX_RUNTIME:
            return self._build_onnx_runtime()
        net = self._build_folded(torch.bfloat16 if name == BFLOAT16 else torch.float32)

        def embed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
            with torch.inference_mode():
                vectors = net(torch.from_numpy(np.ascontiguousarray(crops)))
            return normalise(vectors.cpu().numpy())

        return embed

    def _build_folded(self, dtype: torch.dtype) -> FoldedNet:
        with torch.inference_mode():
            return FoldedNet(self._published, self._device, dtype)

    def _build_onnx_runtime(self) -> Embed:
        # Imported only where it is used or measured, because it takes memory.
        from enrichscrapy.faces.facenet.graph import INPUT, to_onnx
        from enrichscrapy.faces.onnx_session import open_session

        session = open_session(to_onnx(self._build_folded(torch.float32)), "cpu", self._threads)

        def embed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
            starts = range(0, max(len(crops), 1), AT_ONCE)
            parts = [np.ascontiguousarray(crops[at : at + AT_ONCE]) for at in starts]
            return normalise(np.concatenate([session.run(None, {INPUT: p})[0] for p in parts]))

        return embed


def average_mirrored(
    embed: Embed, crops: NDArray[np.uint8]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The mean direction (n, d) of each crop and its mirror image, embedded in one batch; and the
    distance (1 - cosine) between the two, (n,)."""
    here, mirrored = np.split(embed(np.concatenate([crops, crops[:, :, ::-1]])), 2)
    return normalise(here + mirrored), 1 - (here * mirrored).sum(axis=1)


def normalise(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit length in float32."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
