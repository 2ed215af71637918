"""Face models that do not come back, and one that knows people by the colour of their crops."""

import os
import signal
import sys
import threading
from typing import Self

import numpy as np
from numpy.typing import NDArray

from demo.stand_in import LocalBinaryPatterns
from enrichscrapy.faces.model import ModelOptions
from enrichscrapy.items import ModelInfo
from enrichscrapy.verdicts import Thresholds


class AsleepTheSecondTime(LocalBinaryPatterns):
    """Answers for one batch, then never again."""

    answered = False

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self.answered:
            print("the model sleeps", file=sys.stderr, flush=True)
            threading.Event().wait()
        self.answered = True
        return super().embed(crops)


class Colours:
    """Crops of one colour are one person's; ``Colours`` and its like are one model."""

    default_thresholds = Thresholds()

    def __init__(self) -> None:
        self.info = self.describe(ModelOptions())

    @classmethod
    def describe(cls, _options: ModelOptions) -> ModelInfo:
        return ModelInfo("colours", "c" * 64, "mirrored-2", 512)

    @classmethod
    def load(cls, _options: ModelOptions) -> Self:
        return cls()

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        vectors = np.zeros((len(crops), 512), np.float32)
        vectors[:, :3] = crops.mean(axis=(1, 2))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


class ColoursOnce(Colours):
    """Embeds so many crops, then never again."""

    left = 280

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.left -= len(crops)
        if self.left < 0:
            threading.Event().wait()
        return super().embed(crops)


class KilledTheSecondTime(LocalBinaryPatterns):
    """Answers for one batch; then it is killed, and its successors too while they start."""

    answered = False

    @classmethod
    def load(cls, options: ModelOptions) -> Self:
        if os.path.exists(os.environ["KILLED"]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(options)

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        if self.answered:
            open(os.environ["KILLED"], "w").close()
            os.kill(os.getpid(), signal.SIGKILL)
        self.answered = True
        return super().embed(crops)
