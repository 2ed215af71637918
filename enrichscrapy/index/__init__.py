"""The FAISS index of accepted faces: derived from the database, published in generations.

::

    INDEX_DIR/current                     one line: the name of the generation in force
    INDEX_DIR/<generation>/manifest.json  the segments it is made of, and of which database state
    INDEX_DIR/segments/*.faiss            IDMap2 over unit vectors, inner product, id = faces.id
    INDEX_DIR/segments/*.codes, *.trained the same in 8 bits a number, above INDEX_EXACT_FACES

A segment never changes: a publishing writes a new one for what is new, and merges small ones.
The database is the truth; whatever happens to these files, ``reindex`` rebuilds them.
May import database and what lies below; no Scrapy.
"""

from enrichscrapy.index.manifest import Change, Manifest
from enrichscrapy.index.publish import (
    Generation,
    erase,
    find_index_model_id,
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
    "erase",
    "find_index_model_id",
    "publish",
    "read_published_model",
    "reindex",
    "verify",
]
