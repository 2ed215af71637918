"""Babepedia: women only, profiles by ``/babe/Name_With_Underscores``."""

from __future__ import annotations

from typing import ClassVar

from enrichscrapy.sites import Site, babepedia
from enrichscrapy.spiders.reference import ReferenceSpider


class BabepediaSpider(ReferenceSpider):
    """Looks performers up on Babepedia.

    ``scrapy crawl babepedia -a mode=url`` follows the stored links; ``-a mode=name`` tries the
    names of the women in the database, and of performers whose gender is not known.
    """

    name = "babepedia"
    source_name = "babepedia"
    gender_filter = "FEMALE"
    site: ClassVar[Site] = babepedia
