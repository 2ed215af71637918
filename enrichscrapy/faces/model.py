"""What a face model is, and the one that ships: VGGFace2 through facenet-pytorch's network.

This module imports no torch: the crawl's own process only describes a model, the workers load it.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.faces.cards.model import CardModel
from enrichscrapy.faces.crop import BoxCrop, CropShape
from enrichscrapy.faces.facenet import weights
from enrichscrapy.items import ModelInfo
from enrichscrapy.verdicts import Thresholds, WeakOn

if TYPE_CHECKING:
    from enrichscrapy.faces.facenet.network import Network

DIMENSION = 512
# Changes whenever detection, crop or scaling change so that vectors are no longer comparable.
PREPROCESSING = "mtcnn-margin14-160-mirror-3"


@dataclass(frozen=True)
class ModelOptions:
    """``weights`` None means the named file from the cache folder; ``sha256`` empty means the
    named file's; ``device`` is auto, cpu or cuda; ``threads`` 0 leaves torch its default."""

    weights: Path | None = None
    sha256: str = ""
    device: str = "auto"
    threads: int = 0


@runtime_checkable
class FaceModel(Protocol):
    """A model that is loaded: crops in, vectors out.

    One that averages over mirror images may offer ``embed_measured``: its vectors, and the distance
    of each face's to its mirror image's (n,), which tells much of the face's quality. ``crop`` is
    what it wants to see of a face (``BoxCrop`` or ``PointsCrop``); without it, the default
    network's.
    """

    info: ModelInfo

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(n, side, side, 3) RGB crops -> (n, dimension) vectors of unit length."""
        ...


class ModelKind(Protocol):
    """What ``FACE_MODEL`` names: a class, or a model card.

    It may offer ``default_thresholds`` (``verdicts.Thresholds``): the rules' numbers before anybody
    has calibrated. A model without them needs ``scrapy calibrate --apply`` first. It may also say
    on which groups it is ``weak_on`` (``verdicts.WeakOn``), and has the ``crop`` of its models.
    """

    def load(self, options: ModelOptions) -> FaceModel:
        """Build the network; raises ``WeightsError`` when the weights are not the named ones."""
        ...

    def describe(self, options: ModelOptions) -> ModelInfo:
        """What ``load`` would build: verifies the file, builds no network."""
        ...


class FacenetVGGFace2:
    """InceptionResnetV1 trained on VGGFace2, 512 dimensions."""

    default_thresholds = Thresholds()
    # Measured on vectors of real photos: two photos of different East Asian singers lie at 0.2 to
    # 0.6 from each other (area under the curve 0.93, against 0.996 of most people), of South Indian
    # actors hardly farther (0.90). Countries stand for those groups where no ethnicity is known;
    # other groups were not measured by themselves and are not listed.
    weak_on = WeakOn(
        countries=frozenset(["CN", "HK", "IN", "JP", "KP", "KR", "MO", "TW"]),
        ethnicities=frozenset(
            ["asian", "indian", "chinese", "japanese", "korean", "taiwanese", "tamil", "telugu"]
        ),
    )

    def __init__(self, info: ModelInfo, network: Network) -> None:
        self.info = info
        self._network = network

    @classmethod
    def needs_download(cls, options: ModelOptions) -> bool:
        return options.weights is None and not weights.find_default_path().exists()

    @classmethod
    def describe(cls, options: ModelOptions) -> ModelInfo:
        return cls._make_info(weights.verify(options.weights, options.sha256))

    @classmethod
    def load(cls, options: ModelOptions) -> Self:
        from enrichscrapy.faces.facenet.network import Network  # torch: workers only

        data, sha256 = weights.read(options.weights, options.sha256)
        return cls(cls._make_info(sha256), Network(data, sha256, options.device, options.threads))

    @staticmethod
    def _make_info(sha256: str) -> ModelInfo:
        return ModelInfo("facenet-vggface2", sha256, PREPROCESSING, DIMENSION)

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.embed_measured(crops)[0]

    def embed_measured(
        self, crops: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self._network.embed_mirrored(crops)


def find_crop_shape(model: object) -> CropShape:
    """What a model, or its class, wants to see of a face: the default network's crop, unless it
    has a ``crop`` of its own."""
    shape = getattr(model, "crop", BoxCrop())
    if not isinstance(shape, CropShape):
        raise BadSetting(f"FACE_MODEL: {model} has a crop that is neither BoxCrop nor PointsCrop")
    return shape


def resolve_model(name: str) -> ModelKind:
    """The class of that dotted name, or the model card at that path (``….toml``).

    ``BadSetting`` when there is none.
    """
    if name.endswith(".toml"):
        return CardModel(Path(name).expanduser())
    module_name, _, class_name = name.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadSetting(f"FACE_MODEL={name} cannot be imported: {error}") from error
    if not all(callable(getattr(found, part, None)) for part in ("load", "describe", "embed")):
        raise BadSetting(f"FACE_MODEL={name} is no face model: see faces/model.py")
    return cast("ModelKind", found)
