"""A model card as a face model; importing this loads neither ONNX Runtime nor torch."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.cards.card import Card
from enrichscrapy.faces.crop import CropShape
from enrichscrapy.items import ModelInfo

if TYPE_CHECKING:
    from enrichscrapy.faces.cards.network import CardNetwork
    from enrichscrapy.faces.model import ModelOptions


class CardModel:
    """What ``FACE_MODEL=path/to/model.toml`` means. ``FACE_WEIGHTS`` is not asked: the card names
    its file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @cached_property
    def card(self) -> Card:
        return Card.read(self._path)

    @property
    def crop(self) -> CropShape:
        return self.card.shape

    def describe(self, _options: ModelOptions) -> ModelInfo:
        self.card.verify_weights()
        return self.card.info

    def load(self, options: ModelOptions) -> LoadedCard:
        from enrichscrapy.faces.cards.network import CardNetwork  # ONNX Runtime: workers only

        return LoadedCard(CardNetwork(self.card, options.device, options.threads))


class LoadedCard:
    """A card's network, ready to embed.

    It offers no ``embed_measured``: how far a face lies from its mirror image tells of its quality
    only by the default network's measure.
    """

    def __init__(self, network: CardNetwork) -> None:
        self.info = network.card.info
        self.crop = network.card.shape
        self._network = network

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._network.embed(crops)
