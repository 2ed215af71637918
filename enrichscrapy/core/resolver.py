"""Names are resolved to public addresses only, at the moment a connection is made.

Checking earlier would prove nothing: the next answer of the same name may be another one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy.resolver import CachingThreadedResolver
from scrapy.settings import BaseSettings
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from enrichscrapy.politeness.addresses import is_loopback, is_public, names_loopback
from enrichscrapy.settings_reader import read_settings


class PublicResolver(CachingThreadedResolver):
    """Scrapy's caching resolver (IPv4), refusing addresses that are not public.

    ``loopback_hosts`` are those a ``*_BASE_URL`` names: they must be loopback.
    """

    def __init__(
        self,
        reactor: ReactorBase,
        cache_size: int,
        timeout: float,
        loopback_hosts: Collection[str] = (),
    ) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.loopback_hosts = frozenset(loopback_hosts)

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: ReactorBase) -> Self:
        """``crawler`` is the whole process's: it has settings, but no spider."""
        settings: BaseSettings = crawler.settings
        read = read_settings(settings)
        bases = [str(settings[name] or "") for name in settings if name.endswith("_BASE_URL")]
        return cls(
            reactor,
            read.DNSCACHE_SIZE,
            read.DNS_TIMEOUT,
            [urlsplit(base.strip()).hostname or "" for base in bases if names_loopback(base)],
        )

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802
        return super().getHostByName(name, timeout).addCallback(self._check, name)

    def _check(self, address: str, name: str) -> str:
        allowed = is_loopback if name in self.loopback_hosts else is_public
        if not allowed(address):
            raise DNSLookupError(f"{name} resolves to an address that may not be visited")
        return address
