"""Which addresses may be visited, and where a request really goes. Pure rules.

Stored and requested URLs carry the sites' real hosts. A ``*_BASE_URL`` is applied only when a
request leaves, and undone before anything else sees the answer.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from enrichscrapy.exceptions import BadSetting

MAX_URL_LENGTH = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Not private by the tables, yet a cloud's own services answer there.
_METADATA = {ipaddress.ip_address("168.63.129.16"), ipaddress.ip_address("192.0.0.192")}
_EMBEDDING = (  # IPv6 ranges that carry an IPv4 address in their last 32 bits
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("::/96"),
)

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: str | IPAddress) -> bool:
    """False for loopback, private, link-local, metadata, reserved and multicast addresses."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _find_embedded(ip)
        if inner is not None:
            return is_public(inner)
    return ip.is_global and not ip.is_multicast and ip not in _METADATA


def is_loopback(address: str | IPAddress) -> bool:
    ip = ipaddress.ip_address(address)
    inner = _find_embedded(ip) if isinstance(ip, ipaddress.IPv6Address) else None
    return (inner or ip).is_loopback


def _find_embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.ipv4_mapped or ip.sixtofour:
        return ip.ipv4_mapped or ip.sixtofour
    if ip.teredo:
        return ip.teredo[1]
    if int(ip) > 1 and any(ip in network for network in _EMBEDDING):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return None


def names_loopback(url: str) -> bool:
    """Does this URL's host mean this machine, by its name or its address alone?"""
    host = (_split(url.strip()) or SplitResult("", "", "", "", "")).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return is_loopback(host)
    except ValueError:
        return False


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # raises ValueError for a port that is none
    except ValueError:
        return None
    return parts


def find_url_fault(url: str, hosts: Collection[str]) -> str | None:
    """Why this URL must not be requested, in a few words; ``None`` when it may be.

    Only plain ``http`` and ``https`` on the default port of one of ``hosts`` (:func:`is_among`).
    """
    if len(url) > MAX_URL_LENGTH:
        return "too long"
    if re.search(r"[\s\x00-\x20\x7f\\]", url):
        return "not a plain URL"
    parts = _split(url)
    if parts is None or not parts.hostname:
        return "not a plain URL"
    if parts.scheme not in _DEFAULT_PORTS:
        return "scheme not allowed"
    if "@" in parts.netloc:
        return "carries a user name"
    if not is_among(parts.hostname, hosts):
        return "host not allowed"
    if parts.port not in (None, _DEFAULT_PORTS[parts.scheme]):
        return "port not allowed"
    return None


def is_among(host: str | None, hosts: Collection[str]) -> bool:
    """Whether a host is one of ``hosts`` (lower case), of which ``.name`` means all below it."""
    if host is None or host in hosts:
        return host is not None
    return any(each.startswith(".") and host.endswith(each) for each in hosts)


@dataclass(frozen=True)
class SourceAddresses:
    """A source's hosts, and where its requests really go.

    ``home`` is scheme and host of stored URLs; ``base_url`` is empty for the real site, else
    scheme, host, port and perhaps a path, without a trailing slash.
    """

    source: str
    home: str
    hosts: frozenset[str]
    photo_hosts: frozenset[str]
    base_url: str = ""

    @property
    def on_loopback(self) -> bool:
        """Only then may the floors be lowered and loopback be reached."""
        return bool(self.base_url) and names_loopback(self.base_url)

    def find_fault(self, url: str, *, photo: bool) -> str | None:
        """Why a canonical URL must not be requested; photos may come from photo hosts too."""
        return find_url_fault(url, self.hosts | self.photo_hosts if photo else self.hosts)

    def to_real(self, url: str) -> str:
        """Canonical URL -> the one that is really requested."""
        if not self.base_url:
            return url
        parts = urlsplit(url)
        if not is_among(parts.hostname, self.hosts | self.photo_hosts):
            return url
        rest = parts._replace(scheme="", netloc="").geturl()
        return self.base_url + (rest if rest.startswith("/") else f"/{rest}")

    def to_canonical(self, url: str) -> str:
        """A URL of the real destination -> its canonical form; others stay as they are."""
        if self.base_url and url.startswith(self.base_url):
            rest = url.removeprefix(self.base_url)
            if not rest or rest[0] in "/?#":
                return self.home + rest
        return url

    def find_host(self, url: str) -> str:
        """The ``host`` or ``host:port`` that really answers a canonical URL."""
        return urlsplit(self.to_real(url)).netloc.lower()


def check_base_url(setting: str, value: str) -> str:
    """The usable form of a ``*_BASE_URL``; raises ``BadSetting`` that names the setting."""
    value = value.strip().rstrip("/")
    if not value:
        return ""
    parts = _split(value)
    if parts is None or parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise BadSetting.name_setting(
            setting, value, "an http or https address, as http://127.0.0.1:8000"
        )
    if "@" in parts.netloc or parts.query or parts.fragment or re.search(r"[\s\\]", value):
        raise BadSetting.name_setting(setting, value, "scheme, host, port and perhaps a path only")
    try:
        allowed = is_public(parts.hostname) or is_loopback(parts.hostname)
    except ValueError:
        allowed = True  # a name; its addresses are checked when it is resolved
    if not allowed:
        raise BadSetting.name_setting(
            setting, value, "a public address or loopback, no private one"
        )
    return value
