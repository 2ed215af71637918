"""Face models for the tests of the worker processes; imported by the workers by name."""

import os
import signal
import threading
from typing import Self

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.faces.model import ModelOptions
from enrichscrapy.items import ModelInfo

DARK = 12
"""Mean level below which a crop has nothing of a colour: its JPEG leaves a little."""


class Plain:
    """Vectors from the crop's mean colours; dies over a crop without blue, hangs without green."""

    def __init__(self, info: ModelInfo) -> None:
        self.info = info

    @classmethod
    def describe(cls, options: ModelOptions) -> ModelInfo:
        return ModelInfo("plain", "0" * 64, "test", 512)

    @classmethod
    def load(cls, options: ModelOptions) -> Self:
        return cls(cls.describe(options))

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        levels = crops.mean(axis=(1, 2))
        if (levels[:, 2] < DARK).any():
            os._exit(7)
        if (levels[:, 1] < DARK).any():
            threading.Event().wait()
        vectors = np.zeros((len(crops), 512), np.float32)
        vectors[:, :3] = crops.mean(axis=(1, 2))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


class Killed(Plain):
    """Is killed from outside over a crop without blue: as often as the file at TIMES has bytes."""

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        times = os.environ["TIMES"]
        if (crops.mean(axis=(1, 2))[:, 2] < DARK).any() and (left := os.path.getsize(times)):
            os.truncate(times, left - 1)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(np.maximum(crops, DARK))


class KilledForGood(Killed):
    """Its successor is killed while it starts."""

    @classmethod
    def load(cls, options: ModelOptions) -> Self:
        if not os.path.getsize(os.environ["TIMES"]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(options)


class Signed(Plain):
    """The vector tells which process made it."""

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        vectors = np.zeros((len(crops), 512), np.float32)
        vectors[:, os.getpid() % 512] = 1
        return vectors
