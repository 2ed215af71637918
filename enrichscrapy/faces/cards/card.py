"""A model card: what a file of weights is, which input it expects, and who may use it. TOML."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from enrichscrapy.exceptions import BadSetting, WeightsError
from enrichscrapy.faces.crop import BoxCrop, CropShape, PointsCrop
from enrichscrapy.items import ModelInfo

PREPROCESSING = "mtcnn-card-1"
"""Changes whenever detection or crops change so that vectors are no longer comparable."""
MAX_CARD_BYTES = 100_000
MAX_MODEL_BYTES = 1 << 30
_SAID_OF_VECTORS = {"input", "crop", "mirror", "output"}

Number = Annotated[float, Field(allow_inf_nan=False)]
Levels = Number | tuple[Number, Number, Number]
Point = tuple[Number, Number]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(_Part):
    """(x - mean) / scale of every channel, which stand in the order of ``channels``."""

    size: Annotated[int, Field(ge=32, le=512)]
    channels: Literal["RGB", "BGR"]
    mean: Levels
    scale: Levels
    layout: Literal["NCHW", "NHWC"] = "NCHW"

    @model_validator(mode="after")
    def _scales(self) -> Self:
        if not np.all(np.asarray(self.scale) > 0):
            raise ValueError("scale must be above 0")
        return self


class Crop(_Part):
    """Either the five ``points`` of a template, or the face's box with a ``margin``, in pixels of
    the input."""

    points: tuple[Point, Point, Point, Point, Point] | None = None
    margin: Annotated[int, Field(ge=0, le=400)] | None = None

    @model_validator(mode="after")
    def _either(self) -> Self:
        if (self.points is None) == (self.margin is None):
            raise ValueError("give either points or margin")
        if self.points is not None and len(set(self.points)) == 1:
            raise ValueError("the points all lie in one place")
        return self


class Card(_Part):
    """One model; ``file`` is beside the card unless it is an absolute path."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    file: Annotated[str, Field(min_length=1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    licence: Annotated[str, Field(min_length=1)]
    dimension: Annotated[int, Field(ge=16, le=4096)]
    input: Input
    crop: Crop
    mirror: bool = True
    """Whether vectors are the mean of a face's and its mirror image's."""
    output: str = ""
    """Which output is the vector, where the network has several."""
    selftest: str = ""
    """The vector of the drawn face, as ``python -m enrichscrapy.faces.cards`` prints it."""
    path: Path = Path()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.crop.margin is not None and self.crop.margin >= self.input.size:
            raise ValueError("crop.margin is as wide as the input")
        return self

    @classmethod
    def read(cls, path: Path) -> Self:
        """``BadSetting`` in one line for what is no model card."""
        try:
            with path.open("rb") as file:
                data = file.read(MAX_CARD_BYTES + 1)
        except OSError as error:
            raise BadSetting(f"FACE_MODEL={path}: {error.strerror or error}") from error
        if len(data) > MAX_CARD_BYTES:
            raise BadSetting(f"FACE_MODEL={path} is too long for a model card")
        try:
            return cls.model_validate(tomllib.loads(data.decode()) | {"path": path})
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise BadSetting(f"FACE_MODEL={path} is no TOML: {error}") from error
        except ValidationError as error:
            raise BadSetting(f"FACE_MODEL={path}: {_describe_first_fault(error)}") from error

    @property
    def shape(self) -> CropShape:
        if self.crop.points is not None:
            return PointsCrop(self.input.size, self.crop.points)
        return BoxCrop(self.input.size, self.crop.margin or 0)

    @property
    def info(self) -> ModelInfo:
        """Whatever the card says of input and crop makes other vectors, and so another model."""
        fields = self.model_dump_json(include=_SAID_OF_VECTORS)
        digest = hashlib.sha256(fields.encode()).hexdigest()[:12]
        return ModelInfo(self.name, self.sha256, f"{PREPROCESSING}-{digest}", self.dimension)

    @property
    def expected(self) -> NDArray[np.float32] | None:
        """The stored vector of the drawn face, of unit length."""
        if not self.selftest:
            return None
        try:
            vector = np.frombuffer(base64.b64decode(self.selftest), "<f2").astype(np.float32)
        except ValueError as error:
            raise BadSetting(f"FACE_MODEL={self.path}: selftest is no vector") from error
        if vector.shape != (self.dimension,) or not np.linalg.norm(vector) > 0:
            raise BadSetting(f"FACE_MODEL={self.path}: selftest is no vector of {self.dimension}")
        unit: NDArray[np.float32] = vector / np.linalg.norm(vector)
        return unit

    @property
    def weights(self) -> Path:
        return self.path.parent / self.file

    def read_weights(self) -> bytes:
        """The file's bytes: what was checked is what is parsed."""
        self._check_size()
        try:
            data = self.weights.read_bytes()
        except OSError as error:
            raise self._make_read_error(error) from error
        self._check(hashlib.sha256(data).hexdigest())
        return data

    def verify_weights(self) -> None:
        """``WeightsError`` when the file is missing or not the one that the card names."""
        self._check_size()
        try:
            with self.weights.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise self._make_read_error(error) from error
        self._check(found)

    def _check_size(self) -> None:
        try:
            size = self.weights.stat().st_size
        except OSError as error:
            raise self._make_read_error(error) from error
        if not self.weights.is_file() or size > MAX_MODEL_BYTES:
            raise WeightsError(
                f"FACE_MODEL: {self.weights} is no file of at most {MAX_MODEL_BYTES >> 20} MiB"
            )

    def _check(self, found: str) -> None:
        if found != self.sha256:
            raise WeightsError(
                f"FACE_MODEL: {self.weights} has SHA-256 {found}, the card says {self.sha256}: get "
                "the file that the card means, or write down what you have and trust"
            )

    def _make_read_error(self, error: OSError) -> WeightsError:
        return WeightsError(
            f"FACE_MODEL: cannot read {self.weights} ({error.strerror or error}): put the file "
            f"that {self.path.name} names there"
        )


def _describe_first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the card"
    return f"{where}: {first['msg'].removeprefix('Value error, ')}"
