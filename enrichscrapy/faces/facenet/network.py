"""InceptionResnetV1, loaded without trusting the file and run as fast as the machine allows."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from enrichscrapy.exceptions import BadSetting, WeightsError
from enrichscrapy.faces.facenet import selftest
from enrichscrapy.faces.facenet.folded import FoldedNet
from enrichscrapy.faces.published import make_inception_resnet

if TYPE_CHECKING:
    from facenet_pytorch import InceptionResnetV1

CPU_FLAGS = Path("/proc/cpuinfo")
# How Linux calls native bfloat16 products on x86 and Arm.
BFLOAT16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})


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
    except Exception as error:  # bytes that are no state dict fail in any way they like
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


def pick_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the processor multiplies it natively, float32 elsewhere."""
    if device.type != "cpu":
        return torch.float32
    try:
        flags = set(CPU_FLAGS.read_text().split())
    except OSError:
        return torch.float32
    return torch.bfloat16 if flags & BFLOAT16_FLAGS else torch.float32


class Network:
    """The embedding network behind :class:`~enrichscrapy.faces.model.FacenetVGGFace2`."""

    def __init__(self, data: bytes, sha256: str, device: str, threads: int) -> None:
        if threads:
            torch.set_num_threads(threads)
        where = pick_device(device)
        published = build_plain(load_state(data))
        with torch.inference_mode():
            self._net = FoldedNet(published, where, pick_dtype(where))
        selftest.check(self.embed, published, sha256)

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, 160, 160, 3) RGB -> (n, 512) of unit length."""
        with torch.inference_mode():
            vectors = self._net(torch.from_numpy(np.ascontiguousarray(crops)))
        return normalise(vectors.cpu().numpy())

    def embed_mirrored(
        self, crops: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As :meth:`embed`: the mean direction of each crop and its mirror image, in one batch; and
        the distance (1 - cosine) between the two, (n,).

        On three sets of real faces it accepts 2 to 3 more of 100 at one false accept in 10,000.
        """
        here, mirrored = np.split(self.embed(np.concatenate([crops, crops[:, :, ::-1]])), 2)
        return normalise(here + mirrored), 1 - (here * mirrored).sum(axis=1)


def normalise(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Unit length in float32."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return unit
