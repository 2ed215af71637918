"""Parquet: one row a face with its vector, as data tools (pandas, DuckDB, Polars) read it."""

from __future__ import annotations

from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from enrichscrapy.exporting.rows import AcceptedFaces, ExportedFace


def write_parquet(file: IO[bytes], faces: AcceptedFaces) -> None:
    """Write the faces a row group at a time; model, sha256 and preprocessing are file metadata."""
    schema = _make_schema(faces)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in faces.batches():
            writer.write_batch(
                pa.RecordBatch.from_pylist([_make_row(face) for face in batch], schema=schema)
            )


def _make_schema(faces: AcceptedFaces) -> pa.Schema:
    model = faces.model
    return pa.schema(
        [
            ("face_id", pa.int64()),
            ("performer_id", pa.int64()),
            ("name", pa.string()),
            ("stashbox_ids", pa.list_(pa.string())),
            ("source", pa.string()),
            ("photo_url", pa.string()),
            ("quality", pa.float32()),
            ("trusted", pa.bool_()),
            ("reason", pa.string()),
            ("created_at", pa.timestamp("ms", tz="UTC")),
            ("vector", pa.list_(pa.float32(), model.dimension)),
        ],
        metadata={
            "model": model.name,
            "sha256": model.sha256,
            "preprocessing": model.preprocessing,
        },
    )


def _make_row(face: ExportedFace) -> dict[str, object]:
    return {
        "face_id": face.face_id,
        "performer_id": face.owner.performer_id,
        "name": face.owner.name,
        "stashbox_ids": face.owner.domain_ids,
        "source": face.source,
        "photo_url": face.photo_url,
        "quality": face.quality,
        "trusted": face.trusted,
        "reason": face.reason,
        "created_at": round(face.created_at * 1000),
        "vector": face.vector,
    }
