"""A usearch index with its JSON files, in the layout that stash-sense2 reads."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
from usearch.index import Index

from enrichscrapy.exporting.rows import AcceptedFaces, Owner

INDEX = "face_embeddings.usearch"
_CONNECTIVITY = 16  # neighbours of a node: usearch's own default, written down because files last


@dataclass
class SearchIndex:
    """``index`` holds key i for the i-th face; ``owners[i]`` names whose it is."""

    index: bytes
    owners: list[str]
    people: dict[str, dict[str, object]]

    def json_files(self) -> dict[str, bytes]:
        return {
            "faces.json": json.dumps(self.owners).encode(),
            "performers.json": json.dumps(self.people, ensure_ascii=False, indent=1).encode(),
        }


def build_search_index(faces: AcceptedFaces) -> SearchIndex:
    """Cosine distances over float32 vectors. The index is built in memory: 2.3 KB a face."""
    index = Index(ndim=faces.model.dimension, metric="cos", dtype="f32", connectivity=_CONNECTIVITY)
    built = _Built()
    for batch in faces.batches():
        keys = np.arange(len(built.owners), len(built.owners) + len(batch), dtype=np.uint64)
        index.add(keys, np.stack([face.vector for face in batch]))
        for face in batch:
            built.add(face.owner)
    saved = index.save()
    assert saved is not None  # the index itself, because no path is given
    return SearchIndex(bytes(saved), built.owners, built.people)


@dataclass
class _Built:
    owners: list[str] = field(default_factory=list)
    people: dict[str, dict[str, object]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, owner: Owner) -> None:
        key = choose_id(owner)
        self.owners.append(key)
        self.counts[key] = self.counts.get(key, 0) + 1
        self.people[key] = {
            "name": owner.name,
            "country": owner.country,
            "gender": owner.gender,
            "image_url": owner.image_url,
            "face_count": self.counts[key],
            "performer_id": owner.performer_id,
            "stashbox_ids": owner.domain_ids,
        }


def choose_id(owner: Owner) -> str:
    """The id at the best known stash-box in domain form, else this database's own number."""
    return owner.domain_ids[0] if owner.ids else f"enrichscrapy:{owner.performer_id}"
