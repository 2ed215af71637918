"""What a generation records about itself, and the digest that ties it to its faces."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enrichscrapy.exceptions import IndexDamaged
from enrichscrapy.items import ModelInfo, Vector

FORMAT = 1
_MODULUS = 1 << 256


@dataclass(frozen=True)
class Change:
    """The last row of ``face_changes`` that was applied, with the time its face was stored.

    The number alone would not do: a database restored from a backup counts on from an older one,
    gives out the same face ids, and reaches this number with another face. ``face_created_at`` is
    None when the face was erased.
    """

    seq: int = 0
    face_id: int = 0
    kind: str = ""
    face_created_at: float | None = None


@dataclass(frozen=True)
class Manifest:
    """``manifest.json``: everything needed to notice that the file beside it is not the one meant.

    ``database`` is the token of the database it was made from; older manifests have none.

    ``digest`` is the sum, modulo 2**256, of SHA-256(id as int64 || vector as float32), both
    little-endian: it does not depend on the order and follows single changes. ``skipped`` are
    accepted faces whose stored vector cannot be used; ``verify`` names them.
    """

    generation: str
    previous: str | None
    model: ModelInfo
    count: int
    change: Change
    digest: str
    file_sha256: str
    file_size: int
    created_at: float
    skipped: tuple[int, ...] = ()
    database: str = ""
    format: int = FORMAT

    def to_bytes(self) -> bytes:
        return (json.dumps(asdict(self), indent=2, sort_keys=True) + "\n").encode()

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Raises ``FileNotFoundError`` when pruned, :class:`IndexDamaged` when unusable."""
        raw = path.read_bytes()
        try:
            manifest = cls._parse(json.loads(raw))
        except (ValueError, TypeError, KeyError) as error:
            raise IndexDamaged(f"{path} is no manifest ({error}); run scrapy reindex") from error
        if manifest.format != FORMAT or manifest.generation != path.parent.name:
            raise IndexDamaged(f"{path} belongs to another generation; run scrapy reindex")
        return manifest

    @classmethod
    def _parse(cls, fields: dict[str, Any]) -> Manifest:
        return cls(
            **{
                **fields,
                "model": ModelInfo(**fields["model"]),
                "change": Change(**fields["change"]),
                "skipped": tuple(fields["skipped"]),
            }
        )


def digest_of(ids: NDArray[np.int64], vectors: Vector) -> int:
    """Digest of ``ids`` (n,) and ``vectors`` (n, d); see :class:`Manifest`."""
    keys = np.ascontiguousarray(ids, dtype="<i8")
    rows = np.ascontiguousarray(vectors, dtype="<f4")
    total = 0
    for key, row in zip(keys, rows, strict=True):
        row_hash = hashlib.sha256(key.tobytes() + row.tobytes()).digest()
        total += int.from_bytes(row_hash, "little")
    return total % _MODULUS


def digest_hex(digest: int) -> str:
    return f"{digest % _MODULUS:064x}"
