"""A stash-box of invented performers on loopback.

::

    with DemoSite(StashBoxServer([BoxPerformer(...)], key="…"), AccessLog()).running() as box:
        box.url
"""

from demo.stashbox.server import BoxPerformer, StashBoxServer, stashbox_schema

__all__ = ["BoxPerformer", "StashBoxServer", "stashbox_schema"]
