"""Cast List: people of every gender, profiles at ``/p/<name>``."""

from __future__ import annotations

from typing import ClassVar

from enrichscrapy.sites import Site, castlist
from enrichscrapy.spiders.reference import ReferenceSpider


class CastListSpider(ReferenceSpider):
    """Looks performers up on Cast List."""

    name = "castlist"
    source_name = "castlist"
    gender_filter = None
    site: ClassVar[Site] = castlist
