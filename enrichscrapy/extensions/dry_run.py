"""``DRY_RUN=1``: prints what each lookup would have written, and nothing is written."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from enrichscrapy.database.whom import describe
from enrichscrapy.items import Lookup
from enrichscrapy.settings_reader import read_settings


def describe_dry_run(lookup: Lookup) -> str:
    """One line on one lookup; the name on a terminal only, since what is not shown is kept."""
    subject = f"performer {lookup.performer.id}"
    if sys.stdout.isatty():
        subject = describe(lookup.performer)
    parts = [f"{subject}: would store {lookup.outcome.value}"]
    if lookup.detail:
        parts.append(lookup.detail)
    photos = Counter(photo.outcome.value for photo in lookup.photos if photo.outcome)
    if photos:
        counts = ", ".join(f"{number} {outcome}" for outcome, number in photos.items())
        parts.append(f"photos: {counts}")
    verdicts = Counter(
        f"{face.decision.verdict.value} ({face.decision.reason})"
        for face in lookup.faces
        if face.decision is not None
    )
    if verdicts:
        counts = ", ".join(f"{number} {verdict}" for verdict, number in verdicts.items())
        parts.append(f"faces: {counts}")
    return "; ".join(parts)


class DryRunExtension:
    """Active only in a dry run."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not read_settings(crawler.settings).DRY_RUN:
            raise NotConfigured  # without a reason: with one, Scrapy would warn
        extension = cls()
        crawler.signals.connect(extension.item_scraped, signal=signals.item_scraped)
        return extension

    def item_scraped(self, item: Any) -> None:
        if isinstance(item, Lookup):
            print(describe_dry_run(item), flush=True)
