"""Vectors as the database keeps them: little-endian float32, checked on the way in."""

from __future__ import annotations

import numpy as np

from enrichscrapy.items import Vector

UNIT_TOLERANCE = 1e-3
"""How far a vector's length may be from 1; float32 networks stay within 1e-6."""


def encode_vector(vector: Vector, dimension: int) -> bytes:
    """``ValueError`` unless it has ``dimension`` finite numbers and unit length."""
    array = np.asarray(vector, dtype="<f4")
    if array.shape != (dimension,):
        raise ValueError(f"a vector of this model has {dimension} numbers, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("a vector holds a number that is not finite")
    length = float(np.linalg.norm(array.astype(np.float64)))
    if abs(length - 1.0) > UNIT_TOLERANCE:
        raise ValueError(f"a vector has length {length:.6f} instead of 1")
    return array.tobytes()


def decode_vector(data: bytes | None) -> Vector | None:
    """The stored vector, read-only; None where none is kept."""
    if data is None:
        return None
    return np.frombuffer(data, dtype="<f4").astype(np.float32, copy=False)
