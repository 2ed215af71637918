"""A Stash of invented performers: the files its database comes in, and its server on loopback.

::

    with DemoSite(StashServer(StashLibrary(performers), key="…"), AccessLog()).running() as stash:
        stash.url
"""

from demo.stash.files import NEWEST, OLDEST, write_stash_file
from demo.stash.library import StashLibrary, StashPerformer, StashRefusal
from demo.stash.server import SINCE_URLS, StashServer, stash_schema

__all__ = [
    "NEWEST",
    "OLDEST",
    "SINCE_URLS",
    "StashLibrary",
    "StashPerformer",
    "StashRefusal",
    "StashServer",
    "stash_schema",
    "write_stash_file",
]
