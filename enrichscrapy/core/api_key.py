"""The key of the stash-box that is crawled: on a request only from the moment it leaves."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.facts.stashboxes import name_box
from enrichscrapy.politeness.addresses import names_loopback
from enrichscrapy.settings_reader import read_settings
from enrichscrapy.sites.stashbox import Endpoint

HEADER = "ApiKey"


class ApiKey:
    """Known to the download handler alone: no request that waits, is logged or is kept on disk
    carries it, and no other host than the box's own gets it, redirects included.

    Setting: ``STASHBOX_API_KEYS``.
    """

    def __init__(self, api: str, key: str) -> None:
        self.api = api
        self.key = key

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        endpoint = getattr(crawler.spider, "site", None)
        if not isinstance(endpoint, Endpoint):
            return cls("", "")
        given = read_settings(crawler.settings).STASHBOX_API_KEYS
        keys = {name_box(name): key.get_secret_value().strip() for name, key in given.items()}
        key = keys.get(endpoint.box, "")
        if not key.isascii() or not key.isprintable():
            raise BadSetting(f"STASHBOX_API_KEYS: the key of {endpoint.box} is no line of text")
        return cls(endpoint.api, key)

    def put_on(self, outgoing: Request, request: Request) -> None:
        """Put the key on a copy that is about to leave, of a request to the box's own address.

        Raises ``BadSetting`` where it would travel unencrypted.
        """
        if not self.key or request.url != self.api or request is outgoing:
            return
        if urlsplit(outgoing.url).scheme != "https" and not names_loopback(outgoing.url):
            raise BadSetting("STASHBOX_BASE_URL is no https address: the key stays here")
        outgoing.headers[HEADER] = self.key

    def hide(self, text: str) -> str:
        """The box's message, without the key if the message repeats it."""
        return text.replace(self.key, "…") if self.key else text
