import ipaddress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.politeness.addresses import (
    SourceAddresses,
    check_base_url,
    find_url_fault,
    is_loopback,
    is_public,
    names_loopback,
)

HOSTS = frozenset({"www.example.com", "example.com"})
REAL = SourceAddresses("site", "https://www.example.com", HOSTS, frozenset({"img.example.com"}))
COPY = SourceAddresses(
    "site", "https://www.example.com", HOSTS, frozenset({"img.example.com"}), "http://127.0.0.1:81"
)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::7f00:1",
    ],
)
def test_addresses_inside_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111"])
def test_public_addresses(address):
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_hiding_an_address_in_ipv6_changes_nothing(address):
    mapped = ipaddress.IPv6Address(f"::ffff:{address}")
    assert is_public(mapped) == is_public(address)
    assert is_loopback(mapped) == is_loopback(address)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost:1/x", True),
        ("http://[::1]:8000", True),
        ("http://demo.localhost", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("https://www.example.com", False),
        ("http://[broken", False),
    ],
)
def test_names_loopback(url, expected):
    assert names_loopback(url) is expected


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.com/a",
        "http://example.com/pics/A%20B.jpg?x=1#y",
        "https://www.example.com:443/",
    ],
)
def test_allowed_urls(url):
    assert find_url_fault(url, HOSTS) is None


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("ftp://www.example.com/a", "scheme not allowed"),
        ("file:///etc/passwd", "not a plain URL"),
        ("javascript:alert(1)", "not a plain URL"),
        ("data:text/html,x", "not a plain URL"),
        ("https://evil.example/", "host not allowed"),
        ("https://www.example.com.evil.example/", "host not allowed"),
        ("https://www.example.com@evil.example/", "carries a user name"),
        ("https://evil.example\\@www.example.com/", "not a plain URL"),
        ("https://www.example.com\n.evil.example/", "not a plain URL"),
        ("http://127.0.0.1/", "host not allowed"),
        ("http://2130706433/", "host not allowed"),
        ("http://169.254.169.254/latest/meta-data/", "host not allowed"),
        ("https://www.example.com:22/", "port not allowed"),
        ("http://www.example.com:443/", "port not allowed"),
        ("https://www.example.com:99999/", "not a plain URL"),
        ("https://www.example.com/" + "a" * 3000, "too long"),
    ],
)
def test_refused_urls(url, fault):
    assert find_url_fault(url, HOSTS) == fault


def test_photo_hosts_serve_photos_only():
    url = "https://img.example.com/a.jpg"
    assert REAL.find_fault(url, photo=True) is None
    assert REAL.find_fault(url, photo=False) == "host not allowed"


@pytest.mark.parametrize(
    ("canonical", "real"),
    [
        ("https://www.example.com/babe/A_B?x=1#f", "http://127.0.0.1:81/babe/A_B?x=1#f"),
        ("https://www.example.com", "http://127.0.0.1:81/"),
        ("https://www.example.com?q=1", "http://127.0.0.1:81/?q=1"),
        ("http://example.com/robots.txt", "http://127.0.0.1:81/robots.txt"),
        ("https://img.example.com/pics/A%20B.jpg", "http://127.0.0.1:81/pics/A%20B.jpg"),
        ("https://other.example/x", "https://other.example/x"),
    ],
)
def test_leaving(canonical, real):
    assert COPY.to_real(canonical) == real
    assert REAL.to_real(canonical) == canonical


def test_arriving_undoes_leaving_for_the_home_host():
    assert (
        COPY.to_canonical("http://127.0.0.1:81/babe/A?x=1") == "https://www.example.com/babe/A?x=1"
    )
    assert COPY.to_canonical("http://127.0.0.1:81") == "https://www.example.com"
    assert COPY.to_canonical("http://127.0.0.1:8112/babe/A") == "http://127.0.0.1:8112/babe/A"
    assert COPY.to_canonical("/search/x") == "/search/x"


def test_the_host_that_really_answers():
    assert COPY.find_host("https://www.example.com/a") == "127.0.0.1:81"
    assert REAL.find_host("https://WWW.example.com/a") == "www.example.com"


@given(st.text(max_size=40))
def test_no_path_leads_a_mapped_request_elsewhere(path):
    url = "https://www.example.com/" + path
    if find_url_fault(url, HOSTS) is None:
        assert urlsplit(COPY.to_real(url)).netloc == "127.0.0.1:81"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ""),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
        (" http://localhost:8000/copy ", "http://localhost:8000/copy"),
        ("https://mirror.example.org", "https://mirror.example.org"),
    ],
)
def test_base_urls(value, expected):
    assert check_base_url("SITE_BASE_URL", value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "127.0.0.1:8000",
        "ftp://127.0.0.1",
        "http://",
        "http://user@127.0.0.1",
        "http://127.0.0.1/?q",
        "http://192.168.1.5:8000",
        "http://169.254.169.254",
        "http://127.0.0.1:x",
    ],
)
def test_unusable_base_urls_are_named(value):
    with pytest.raises(BadSetting, match="SITE_BASE_URL"):
        check_base_url("SITE_BASE_URL", value)
