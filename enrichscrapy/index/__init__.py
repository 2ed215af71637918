"""The FAISS index of accepted faces: derived from the database, published in generations.

::

    INDEX_DIR/current                    one line: the name of the generation in force
    INDEX_DIR/<generation>/faces.faiss   IDMap2 over unit vectors, inner product, id = faces.id
    INDEX_DIR/<generation>/manifest.json what the file holds, and of which database state

The database is the truth; whatever happens to these files, ``reindex`` rebuilds them.
May import database and what lies below; no Scrapy.
"""

from enrichscrapy.index.manifest import Change, Manifest
from enrichscrapy.index.publish import (
    Generation,
    index_model_id,
    publish,
    read_published_model,
    reindex,
)
from enrichscrapy.index.reader import FaceIndex
from enrichscrapy.index.verify import Difference, verify

__all__ = [
    "Change",
    "Difference",
    "FaceIndex",
    "Generation",
    "Manifest",
    "index_model_id",
    "publish",
    "read_published_model",
    "reindex",
    "verify",
]
