"""IAFD: performers of every gender, profiles by id or by perfid and gender."""

from __future__ import annotations

from typing import ClassVar

from enrichscrapy.sites import Site, iafd
from enrichscrapy.spiders.reference import ReferenceSpider


class IAFDSpider(ReferenceSpider):
    """Looks performers up on IAFD.

    ``scrapy crawl iafd -a mode=url`` follows the stored links; ``-a mode=name`` tries all names.
    """

    name = "iafd"
    source_name = "iafd"
    gender_filter = None
    site: ClassVar[Site] = iafd
