"""What a generation records about itself, and the digest that ties it to its faces."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field, TypeAdapter

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.items import ModelInfo, Vector

FORMAT = 2
ONE_FILE = 1
"""The format of before: one file a generation, in the generation's own folder."""
EXACT_FACES = 200_000
_MODULUS = 1 << 256
_AS_WRITTEN = ConfigDict(extra="forbid", strict=True)
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Name = Annotated[str, Field(pattern="^[0-9]{8,}$")]
Count = Annotated[int, Field(ge=0, lt=1 << 63)]


@dataclass(frozen=True)
class Change:
    """The last row of ``face_changes`` that was applied, with the time its face was stored.

    The number alone would not do: a database restored from a backup counts on from an older one,
    gives out the same face ids, and reaches this number with another face. ``face_created_at`` is
    None when the face was erased.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _AS_WRITTEN

    seq: int = 0
    face_id: int = 0
    kind: str = ""
    face_created_at: float | None = None


@dataclass(frozen=True)
class File:
    """A file of the index: its path below ``INDEX_DIR``, SHA-256, and size in bytes."""

    __pydantic_config__: ClassVar[ConfigDict] = _AS_WRITTEN

    name: str
    sha256: Digest
    size: Count


@dataclass(frozen=True)
class Segment:
    """Faces that were written together; the file never changes.

    ``count`` faces are in the file, those named ``gone`` included, which count no more. ``digest``
    is of all in the file, ids from ``first_id`` to ``last_id``. ``codes`` are the same faces in 8
    bits a number, in the file's order.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _AS_WRITTEN

    file: File
    count: Count
    digest: Digest
    first_id: Count
    last_id: Count
    gone: tuple[Count, ...] = ()
    codes: File | None = None

    @property
    def live(self) -> int:
        return self.count - len(self.gone)


def is_sampled(ids: NDArray[np.int64], every: int) -> NDArray[np.bool_]:
    """Which of ``ids`` (n,) are in a sample of one in ``every``: told by the id alone, for good."""
    mixed = ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # Knuth's multiplicative hash
    drawn: NDArray[np.bool_] = (mixed >> np.uint64(33)) % np.uint64(every) == 0
    return drawn


@dataclass(frozen=True)
class Quantiser:
    """What the codes of all segments are made with, trained on some of the faces.

    There were ``faces`` then; it saw one in ``every`` of those up to ``last_id``. ``gone``
    are those of them that are in no segment any more.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _AS_WRITTEN

    file: File
    faces: Count
    every: Annotated[int, Field(ge=1, lt=1 << 63)]
    last_id: Count
    gone: tuple[Count, ...] = ()

    def saw(self, ids: NDArray[np.int64]) -> bool:
        """Whether one of ``ids`` (n,) may have taken part in the training."""
        return len(self._pick_seen(ids)) > 0

    def remember_gone(self, ids: NDArray[np.int64]) -> Self:
        """The same, when faces ``ids`` (n,) leave every file."""
        return replace(self, gone=tuple(sorted({*self.gone, *self._pick_seen(ids).tolist()})))

    def _pick_seen(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        return ids[is_sampled(ids, self.every) & (ids <= self.last_id)]


@dataclass(frozen=True)
class Manifest:
    """``manifest.json``: what makes up a generation, and all that is needed to notice a file that
    is not the one meant.

    ``database`` is the token of the database it was made from; older manifests have none.

    ``digest`` is the sum, modulo 2**256, of SHA-256(id as int64 || vector as float32), both
    little-endian: it does not depend on the order and follows single changes. ``skipped`` are
    accepted faces whose stored vector cannot be used; ``verify`` names them. Above ``exact_faces``
    faces segments are searched by their codes.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _AS_WRITTEN

    generation: Name
    previous: Name | None
    model: ModelInfo
    count: Count
    change: Change
    digest: Digest
    segments: tuple[Segment, ...]
    created_at: float
    quantiser: Quantiser | None = None
    exact_faces: Count = EXACT_FACES
    skipped: tuple[Count, ...] = ()
    database: str = ""
    format: int = FORMAT

    @property
    def files(self) -> Iterator[File]:
        """Every file that the generation needs, beside its manifest."""
        for segment in self.segments:
            yield segment.file
            if segment.codes is not None:
                yield segment.codes
        if self.quantiser is not None:
            yield self.quantiser.file

    def to_bytes(self) -> bytes:
        return (json.dumps(asdict(self), indent=1, sort_keys=True) + "\n").encode()

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Raises ``FileNotFoundError`` when pruned, :class:`IndexDamaged` when unusable."""
        raw = path.read_bytes()
        try:
            manifest = _parse(raw)
        except (ValueError, TypeError, KeyError) as error:
            why = str(error).splitlines()[0]
            raise IndexDamaged(f"{path} is no manifest ({why}); run scrapy reindex") from error
        if manifest.format not in (FORMAT, ONE_FILE) or manifest.generation != path.parent.name:
            raise IndexDamaged(f"{path} belongs to another generation; run scrapy reindex")
        if manifest.count != sum(segment.live for segment in manifest.segments):
            raise IndexDamaged(f"{path} does not add up; run scrapy reindex")
        return manifest


def _parse(raw: bytes) -> Manifest:
    """Fields must be all there, none more, and of their types."""
    fields = json.loads(raw)
    if fields["format"] == ONE_FILE:
        raw = json.dumps(_convert_old(fields)).encode()
    return _make_adapter().validate_json(raw)


@functools.cache
def _make_adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def _convert_old(fields: dict[str, Any]) -> dict[str, Any]:
    """A manifest of before, as one of a single segment."""
    rest = dict(fields)
    name = f"{rest['generation']}/faces.faiss"
    file = {"name": name, "sha256": rest.pop("file_sha256"), "size": rest.pop("file_size")}
    segment = {"file": file, "count": rest["count"], "digest": rest["digest"]}
    segment |= {"first_id": 0, "last_id": (1 << 63) - 1, "gone": [], "codes": None}
    return {**rest, "segments": [segment], "quantiser": None}


def compute_digest(ids: NDArray[np.int64], vectors: Vector) -> int:
    """Digest of ``ids`` (n,) and ``vectors`` (n, d); see :class:`Manifest`."""
    keys = np.ascontiguousarray(ids, dtype="<i8")
    rows = np.ascontiguousarray(vectors, dtype="<f4")
    total = 0
    for key, row in zip(keys, rows, strict=True):
        row_hash = hashlib.sha256(key.tobytes() + row.tobytes()).digest()
        total += int.from_bytes(row_hash, "little")
    return total % _MODULUS


def format_digest(digest: int) -> str:
    return f"{digest % _MODULUS:064x}"
