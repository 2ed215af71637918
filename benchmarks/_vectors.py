"""Vectors of known people from a file, as measurements take them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from enrichscrapy.calibration.people import People


def read_vectors(path: Path) -> People:
    """``.npz`` with ``vectors`` (n, d), ``labels`` (or ``persons``) and, perhaps, ``quality``."""
    with np.load(path) as stored:
        labels = stored["persons" if "persons" in stored else "labels"]
        vectors = stored["vectors"].astype(np.float64)
        quality = stored["quality"] if "quality" in stored else np.ones(len(labels))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    owners = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    return People(vectors, owners, np.asarray(quality, np.float64))
