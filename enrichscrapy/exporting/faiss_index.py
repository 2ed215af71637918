"""One FAISS file of all accepted faces, for programs that read a single index."""

from __future__ import annotations

from typing import IO

import numpy as np

from enrichscrapy.exporting.rows import AcceptedFaces
from enrichscrapy.index.vectors import Vectors

INDEX = "faces.faiss"


def write_index(file: IO[bytes], faces: AcceptedFaces) -> None:
    """IDMap2 over a flat inner-product index, ids are face ids. Built in memory: 2 KB a face."""
    vectors = Vectors(faces.model.dimension)
    for batch in faces.batches():
        ids = np.array([face.face_id for face in batch], dtype=np.int64)
        vectors.add(ids, np.stack([face.vector for face in batch]))
    vectors.write(file.write)
