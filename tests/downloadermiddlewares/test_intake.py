import gzip
import re
import zlib

import pytest

from enrichscrapy import __version__
from enrichscrapy.downloadermiddlewares.intake import find_type_fault

JPEG = b"\xff\xd8\xff\xe0" + b"x" * 2000


def test_pages_and_photos_leave_for_the_base_url_and_come_back_canonical(
    server, crawl, reply, photo
):
    server.answers["/pics/A%20B.jpg"] = reply(JPEG, Content_Type="image/jpeg")
    crawled = crawl(
        "/babe/A_B?x=1",
        "http://example.com/babe/C",
        photo("https://img.example.com/pics/A%20B.jpg"),
        CONTACT="ops@example.org",
    )
    assert [r["status"] for r in crawled.results] == [200, 200, 200]
    assert crawled.results[0]["url"] == "https://www.example.com/babe/A_B?x=1"
    assert crawled.results[2]["length"] == len(JPEG)
    assert {"/babe/A_B?x=1", "/babe/C", "/pics/A%20B.jpg"} <= set(server.paths)
    agents = {seen.headers["User-Agent"] for seen in server.seen}
    assert agents == {f"enrichscrapy/{__version__} (+ops@example.org)"}


def test_redirects_stay_canonical_and_are_checked_at_every_hop(
    server, make_server, crawl, reply, photo
):
    elsewhere = make_server()

    def moved(to, status=302):
        return reply(b"", status=status, Location=to)

    server.answers |= {
        "/relative": moved("/found"),
        "/own": moved(f"{server.url}/found"),
        "/canonical": moved("https://www.example.com/found"),
        "/bare": moved("http://example.com/found", 301),
        "/hop": moved("/out"),
        "/out": moved(f"{elsewhere.url}/stolen"),
        "/metadata": moved("http://169.254.169.254/latest/meta-data/"),
        "/file": moved("file:///etc/passwd"),
        "/user": moved("http://www.example.com@127.0.0.1/"),
        "/loop": moved("/loop"),
    }
    pages = list(server.answers)[1:]
    crawled = crawl(*pages, photo("/out"))
    by_page = dict(zip([*pages, "photo"], crawled.results, strict=True))
    for page in ("/relative", "/own", "/canonical"):
        assert by_page[page]["url"] == "https://www.example.com/found"
    assert by_page["/bare"]["url"] == "http://example.com/found"
    for page in ("/hop", "/out", "/metadata", "photo"):
        assert by_page[page]["detail"] == "address: host not allowed"
        assert by_page[page]["outcome"] == "failed"
    assert by_page["/file"]["status"] == 302
    assert by_page["/user"]["detail"] == "address: carries a user name"
    assert by_page["/loop"]["detail"] == "too many redirects"
    assert server.paths.count("/loop") == 6
    assert elsewhere.seen == []


def test_addresses_that_may_not_be_visited(server, make_server, crawl):
    other = make_server()
    crawled = crawl(
        f"{other.url}/",
        "https://evil.example/",
        "https://img.example.com/page",
        "ftp://www.example.com/",
        "https://www.example.com:8443/",
    )
    assert crawled.details == [
        "address: host not allowed",
        "address: host not allowed",
        "address: host not allowed",
        "address: scheme not allowed",
        "address: port not allowed",
    ]
    assert other.seen == []


def test_a_declared_name_that_resolves_to_loopback_is_not_reached(server, crawl):
    site = {
        "NAME": "probe",
        "HOME": "http://localhost",
        "HOSTS": ["localhost"],
        "PHOTO_HOSTS": [],
    }
    crawled = crawl("http://localhost/x", site=site, base="", DELAY_FLOORS={}, ROBOTSTXT_OBEY=False)
    assert crawled.results[0]["detail"] == "dns failure"
    assert server.seen == []


def test_a_proxy_in_the_environment_or_the_request_changes_nothing(
    server, make_server, crawl, monkeypatch
):
    proxy = make_server()
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    assert crawl("/x").results[0]["status"] == 200
    assert proxy.seen == []


def test_sizes_and_types(server, crawl, reply, photo):
    def endless(content_type):
        def answer(handler):
            handler.send_response(200)
            handler.send_header("Content-Type", content_type)
            handler.end_headers()
            handler.close_connection = True
            for _ in range(20_000):  # 160 MB, if anybody reads that far
                handler.wfile.write(b"x" * 8000)

        return answer

    zeros = gzip.compress(b"\0" * 50_000_000)
    layered = zlib.compress(zlib.compress(zlib.compress(b"<html>" * 1000)))
    server.answers |= {
        "/declared": reply(b"x" * 200_000),
        "/endless": endless("text/html"),
        "/bomb": reply(zeros, Content_Encoding="gzip"),
        "/layers": reply(layered, Content_Encoding="deflate, deflate, deflate"),
        "/broken": reply(b"\x1f\x8b\x08\x00broken", Content_Encoding="gzip"),
        "/packed": reply(gzip.compress(b"<html>" * 1000), Content_Encoding="gzip"),
        "/zip": reply(b"PK\x03\x04", Content_Type="application/zip"),
        "/image": reply(JPEG, Content_Type="image/jpeg"),
        "/plain": reply(b"<html></html>", Content_Type=None),
        "/html.jpg": reply(b"<html></html>"),
        "/endless.jpg": endless("image/jpeg"),
        "/large.jpg": reply(JPEG * 60, Content_Type="image/jpeg"),
    }
    paths = list(server.answers)[1:]
    crawled = crawl(
        *(photo(p) if p.endswith(".jpg") else p for p in paths),
        PAGE_MAX_BYTES=100_000,
        PHOTO_MAX_BYTES=150_000,
    )
    found = dict(zip(paths, crawled.results, strict=True))
    assert found["/declared"]["detail"] == "too large: over 100000 bytes"
    assert found["/endless"]["detail"] == "too large: over 100000 bytes"
    assert found["/bomb"]["detail"] == "too large: over 100000 bytes when unpacked"
    assert found["/layers"]["detail"] == "compressed too often"
    assert found["/broken"]["detail"].startswith("broken compression")
    assert found["/packed"]["length"] == 6000
    assert found["/zip"]["detail"] == "wrong type: application/zip"
    assert found["/image"]["detail"] == "wrong type: image/jpeg"
    assert found["/plain"]["status"] == 200
    assert found["/html.jpg"]["detail"] == "wrong type: text/html"
    assert found["/endless.jpg"]["detail"] == "too large: over 150000 bytes"
    assert found["/large.jpg"]["length"] == len(JPEG) * 60
    assert all(r.get("outcome", "failed") == "failed" for r in crawled.results)
    # What was refused is a counted outcome, and no log line quotes an address.
    assert not re.search(r"\b(WARNING|ERROR)\b.*https?://", crawled.log)


def test_a_crawl_without_contact_says_so(server, crawl):
    assert "CONTACT is not set" in crawl("/x", CONTACT="").log
    assert "CONTACT is not set" not in crawl("/x", CONTACT="ops@example.org").log


def test_no_other_user_agent_is_sent(server, crawl):
    crawl("/x", USER_AGENT="Mozilla/5.0", CONTACT="")
    assert {seen.headers["User-Agent"] for seen in server.seen} == {f"enrichscrapy/{__version__}"}


def test_cookies_come_back_in_bounds(server, crawl, reply):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.send_header("Content-Length", "0")
        handler.send_header("Set-Cookie", "own=1; Path=/")
        handler.send_header("Set-Cookie", "wide=1; Domain=example.com")
        handler.send_header("Set-Cookie", "foreign=1; Domain=evil.example")
        handler.send_header("Set-Cookie", "top=1; Domain=com")
        handler.send_header("Set-Cookie", f"long={'x' * 5000}")
        for number in range(100):
            handler.send_header("Set-Cookie", f"c{number}={number}")
        handler.end_headers()

    server.answers["/many"] = answer
    crawled = crawl("/many", "/many", "/x")
    sent = server.seen[-1].headers["Cookie"].split("; ")
    names = {cookie.partition("=")[0] for cookie in sent}
    assert {"own", "wide", "c0"} <= names
    assert names.isdisjoint({"foreign", "top", "long", "c99"})
    assert len(sent) <= 60
    assert crawled.stats["cookies/refused"] > 0


@pytest.mark.parametrize(
    ("kind", "photo", "fault"),
    [
        ("text/html; charset=utf-8", False, None),
        ("application/xhtml+xml", False, None),
        ("application/json", False, None),
        ("", False, None),
        ("video/mp4", False, "wrong type: video/mp4"),
        ("IMAGE/JPEG", True, None),
        ("application/octet-stream", True, None),
        ("text/html", True, "wrong type: text/html"),
    ],
)
def test_type_fault(kind, photo, fault):
    assert find_type_fault(kind, photo=photo) == fault
