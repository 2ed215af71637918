"""The README beside an export: what the files hold, and how to load them."""

from __future__ import annotations

from enrichscrapy.exporting.rows import AcceptedFaces
from enrichscrapy.reporting.words import count_words

README = "README.md"

_HEAD = """# {faces} of {people}, from enrichscrapy

Model: `{name}`, sha256 `{sha256}`, preprocessing `{preprocessing}`, {dimension} numbers a vector.
Vectors are of unit length: the cosine of two faces is their dot product. Compare them only with
vectors of the same model and preprocessing; another crop of the same weights is another model.

These are biometric data of real people. Keep them to yourself: the files are readable by you only,
and `scrapy forget` removes them, because they may name the person who is to be forgotten.
"""

_PARTS = {
    "parquet": """
## faces.parquet

One row a face: `vector`, whose it is (`performer_id`, `name`, `stashbox_ids` as
`stashdb.org:<id>`), where it comes from (`source`, `photo_url`), `quality`, `trusted`, `reason`,
`created_at`. The model stands in the file's metadata.

```python
import numpy as np
import pyarrow.parquet as pq

table = pq.read_table("faces.parquet")
vectors = np.stack(table["vector"].to_numpy())  # (faces, {dimension}) float32
print(table.schema.metadata[b"model"].decode(), vectors.shape, table["name"][0])
```
""",
    "numpy": """
## faces.npz and faces.csv

The vectors, and in the same order what they are.

```python
import csv
import numpy as np

faces = np.load("faces.npz")
vectors, face_ids = faces["vectors"], faces["face_ids"]  # (faces, {dimension}) float32, (faces,)
rows = list(csv.DictReader(open("faces.csv", encoding="utf-8", newline="")))
print(faces["model"][0], vectors.shape, rows[0]["name"])
```
""",
    "faiss": """
## faces.faiss and faces.csv

A FAISS index (`IDMap2` over `Flat`, inner product) whose ids are face ids, and what they are.

```python
import csv
import faiss

index = faiss.read_index("faces.faiss")
rows = csv.DictReader(open("faces.csv", encoding="utf-8", newline=""))
names = {int(row["face_id"]): row["name"] for row in rows}
similarities, ids = index.search(index.reconstruct(min(names))[None], min(3, len(names)))
for face_id, similarity in zip(ids[0].tolist(), similarities[0]):
    print(names[face_id], round(float(similarity), 3))
```
""",
    "usearch": """
## face_embeddings.usearch, faces.json, performers.json, manifest.json

The layout of stash-sense2. Key i of the index is a face of the performer `faces.json[i]`, whom
`performers.json` describes. Ids are `stashdb.org:<id>`, or `enrichscrapy:<number>` for who has no
stash-box id. A program that embeds with another model cannot search this index: `manifest.json`
says which model it is, and the sha256 of each file.

```python
import json
from usearch.index import Index

index = Index.restore("face_embeddings.usearch")
faces = json.load(open("faces.json", encoding="utf-8"))
performers = json.load(open("performers.json", encoding="utf-8"))
found = index.search(index[0], 3)
for key, distance in zip(found.keys, found.distances):
    print(performers[faces[key]]["name"], round(float(distance), 3))
```
""",
    "folder": """
## One folder a performer

`<name> (id <performer>)/<face>.jpg` are the accepted crops, for any program that embeds faces
itself; `faces.csv` says of each file whose it is and where it comes from.

```python
import csv
from PIL import Image

for row in csv.DictReader(open("faces.csv", encoding="utf-8", newline="")):
    print(row["name"], Image.open(row["file"]).size)
```
""",
}


def make_readme(formats: tuple[str, ...], faces: AcceptedFaces) -> bytes:
    """Markdown for these formats, which lie beside it."""
    model = faces.model
    head = _HEAD.format(
        faces=count_words(faces.count, "face"),
        people=count_words(faces.owners, "performer"),
        name=model.name,
        sha256=model.sha256,
        preprocessing=model.preprocessing,
        dimension=model.dimension,
    )
    parts = (_PARTS[name].replace("{dimension}", str(model.dimension)) for name in formats)
    return "".join([head, *parts]).encode()
