"""Stash-boxes: databases of performers that answer GraphQL; a family of sources, one a box.

Pure functions on texts and addresses. May import facts, items, exceptions and what all sites share.
"""

from enrichscrapy.sites.stashbox.answer import KEY_REFUSED, Answer, Entry, EntryKind, read_answer
from enrichscrapy.sites.stashbox.endpoint import Endpoint
from enrichscrapy.sites.stashbox.query import Query

__all__ = ["KEY_REFUSED", "Answer", "Endpoint", "Entry", "EntryKind", "Query", "read_answer"]
