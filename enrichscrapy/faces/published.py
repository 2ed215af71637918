"""What facenet-pytorch and torchvision publish, without all that their packages import beside it.

``import facenet_pytorch`` imports torchvision for the detector that is not used here, and that
imports torch's compiler: almost half of the time a worker took to start, and 160 MB of memory.
"""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from enrichscrapy.exceptions import EnrichError

if TYPE_CHECKING:
    from facenet_pytorch import InceptionResnetV1

_MODELS = "_facenet_pytorch_models"


def make_inception_resnet() -> InceptionResnetV1:
    """A new ``InceptionResnetV1`` with random weights, without the classifier."""
    if _MODELS not in sys.modules:
        spec = ModuleSpec(_MODELS, None, is_package=True)
        spec.submodule_search_locations = [str(_find_folder("facenet_pytorch") / "models")]
        sys.modules[_MODELS] = module_from_spec(spec)
    module: Any = importlib.import_module(f"{_MODELS}.inception_resnet_v1")
    return module.InceptionResnetV1(pretrained=None, classify=False)


def load_mtcnn_state(net: str) -> dict[str, Tensor]:
    """The state dict of ``pnet``, ``rnet`` or ``onet``, which come with facenet-pytorch."""
    path = _find_folder("facenet_pytorch") / "data" / f"{net}.pt"
    state: dict[str, Tensor] = torch.load(path, weights_only=True)
    return state


def nms(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """torchvision's: indices of the boxes to keep, best score first."""
    if not hasattr(torch.ops.torchvision, "nms"):
        _load_operators()
    kept: Tensor = torch.ops.torchvision.nms(boxes, scores, threshold)
    return kept


def batched_nms(boxes: Tensor, scores: Tensor, groups: Tensor, threshold: float) -> Tensor:
    """:func:`nms` within each group of boxes; indices of all, best score first."""
    if not len(boxes):
        return torch.zeros(0, dtype=torch.int64, device=boxes.device)
    # Each group lies in a part of the plane of its own.
    apart = boxes.double() - boxes.min()
    apart += (groups * (apart.max() + 1))[:, None]
    return nms(apart, scores.double(), threshold)


def _load_operators() -> None:
    try:
        for library in _find_folder("torchvision").glob("_C*.so"):
            torch.ops.load_library(library)  # type: ignore[no-untyped-call]
    except OSError as error:
        raise EnrichError(
            f"torchvision does not fit torch {torch.__version__}; install requirements.txt again"
        ) from error


def _find_folder(package: str) -> Path:
    """Where a package is installed, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EnrichError(f"the package {package} is not installed; install requirements.txt")
    return Path(spec.submodule_search_locations[0])
