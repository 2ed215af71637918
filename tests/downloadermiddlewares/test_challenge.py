"""Real challenges, in small: pages that let a browser in after its script has run, and others."""

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from enrichscrapy import __version__
from enrichscrapy.core.browser import find_browser
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.hosts import Cleared
from tests.support import PATIENCE

needs_browser = pytest.mark.skipif(
    find_browser() is None, reason="no Chromium on this machine: install Debian's chromium"
)
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 3000
PAGE = "<html><h1>Mira Vantongeren</h1></html>"
CHALLENGE = """<html><head><title>Just a moment...</title></head><body>
<span id="challenge-error-text">Enable JavaScript and cookies to continue</span>
<script>window._cf_chl_opt = {};</script>{extra}{script}</body></html>"""
PASS = """<script>setTimeout(() => {{
  document.cookie = "cf_clearance=let-me-in; path=/; max-age={age}"; location.reload();
}}, 200)</script>"""


class Gate:
    """Lets nobody in without the cookie; notes who came and what they carried."""

    def __init__(self, server, reply, script=None, extra="", cookie="cf_clearance=let-me-in"):
        self.server, self.reply, self.cookie = server, reply, cookie
        self.page = CHALLENGE.replace("{extra}", extra).replace(
            "{script}", PASS.format(age=3600) if script is None else script
        )

    def __call__(self, answer):
        def guarded(handler):
            if self.cookie in handler.headers.get("Cookie", ""):
                answer(handler)
            else:
                self.reply(self.page, status=403, cf_mitigated="challenge")(handler)

        return guarded


def asked_by_browser(server):
    return [seen for seen in server.seen if "Sec-Fetch-Dest" in seen.headers]


def browser_processes():
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if b"ENRICHSCRAPY_BROWSER=" in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


@pytest.fixture
def no_browser_left():
    before = set(browser_processes())
    yield
    deadline = time.monotonic() + PATIENCE
    while (left := set(browser_processes()) - before) and time.monotonic() < deadline:
        threading.Event().wait(0.1)
    assert not left


@needs_browser
def test_a_passed_challenge_serves_pages_and_photos(
    server, make_server, crawl, reply, photo, no_browser_left
):
    other = make_server()
    extra = f"""<link rel="prefetch" href="{other.url}/prefetch">
    <script src="/cdn-cgi/challenge-platform/h/b/orchestrate.js"></script>
    <img src="{other.url}/tracker.png"><img src="/moved.png">
    <iframe src="{other.url}/frame"></iframe>
    <script>navigator.sendBeacon("{other.url}/beacon", "x");
    try {{ new WebSocket("{other.url}/socket".replace("http", "ws")) }} catch (error) {{}}
    </script>"""
    gate = Gate(server, reply, extra=extra)
    server.answers |= {
        "/babe/A": gate(reply(PAGE)),
        "/babe/B": gate(reply(PAGE)),
        "/pics/A.jpg": gate(reply(JPEG, Content_Type="image/jpeg")),
        "/moved.png": reply(b"", status=302, Location=f"{other.url}/redirected"),
        "/cdn-cgi/challenge-platform/h/b/orchestrate.js": reply("", Content_Type="text/javascript"),
    }
    crawled = crawl("/babe/A", photo("/pics/A.jpg"), "/babe/B", CONTACT="ops@example.org")
    assert [r["status"] for r in crawled.results] == [200, 200, 200]
    assert crawled.results[0]["url"] == "https://www.example.com/babe/A"
    assert PAGE in crawled.results[0]["text"]
    assert crawled.results[1]["length"] == len(JPEG)
    assert crawled.stats["finish_reason"] == "finished"
    assert crawled.stats["requests/browser_visits"] == 1
    assert other.seen == []
    by_browser = asked_by_browser(server)
    assert len(by_browser) <= crawled.stats["requests/by_browser"] <= 30
    agents = {seen.headers["User-Agent"] for seen in server.seen}
    assert agents == {f"enrichscrapy/{__version__} (+ops@example.org)"}
    plain = [seen.path for seen in server.seen if seen not in by_browser]
    assert plain == ["/robots.txt", "/babe/A", "/babe/A", "/pics/A.jpg", "/babe/B"]
    assert "Mira" not in crawled.log
    assert "/babe/" not in crawled.log


@needs_browser
def test_what_was_won_is_kept_for_the_next_run_and_counted(
    server, crawl, reply, tmp_path, no_browser_left
):
    gate = Gate(server, reply)
    server.answers["/x"] = gate(reply(PAGE))
    crawl("/x")
    with PerformerDatabase(tmp_path / "crawl.db") as database:
        host = server.url.removeprefix("http://")
        used = database.hosts.get(host).budget_used
        (cookie,) = database.hosts.find_clearance(host).cookies
    assert len(server.seen) <= used <= len(server.seen) + 2
    assert (cookie["name"], cookie["domain"]) == ("cf_clearance", "www.example.com")
    assert cookie["expires"] > time.time()
    again = crawl("/x", "/x")
    assert [r["status"] for r in again.results] == [200, 200]
    assert "requests/browser_visits" not in again.stats


def keep_clearance(folder, server, value, expires, **by):
    """As an earlier crawl won it; ``by``: another machine, or another User-Agent."""
    cookie = {"name": "cf_clearance", "value": value, "domain": "www.example.com", "path": "/"}
    with PerformerDatabase(folder / "crawl.db") as database:
        host = server.url.removeprefix("http://")
        database.hosts.set_clearance(host, "probe", Cleared([cookie | {"expires": expires}], **by))


@needs_browser
def test_an_expired_clearance_is_won_again(server, crawl, reply, tmp_path, no_browser_left):
    server.answers["/x"] = Gate(server, reply)(reply(PAGE))
    keep_clearance(tmp_path, server, "old", time.time() - 1)
    crawled = crawl("/x")
    assert crawled.results[0]["status"] == 200
    assert crawled.stats["requests/browser_visits"] == 1


@needs_browser
def test_a_clearance_that_no_longer_serves_is_dropped(server, crawl, reply, tmp_path):
    keep_clearance(tmp_path, server, "let-me-in", time.time() + 3600)
    server.answers["/x"] = Gate(server, reply, cookie="cf_clearance=changed")(reply(PAGE))
    crawled = crawl("/x", "/y")
    left_alone(crawled, "challenge: passed, yet asked again")
    assert "requests/browser_visits" not in crawled.stats
    with PerformerDatabase(tmp_path / "crawl.db") as database:
        host = server.url.removeprefix("http://")
        assert database.hosts.find_clearance(host).cookies == []


@needs_browser
@pytest.mark.parametrize(
    ("value", "by", "visits"),
    [
        ("let-me-in", {"machine": "elsewhere"}, 0),
        ("for its address", {"machine": "elsewhere"}, 1),
        pytest.param("let-me-in", {"agent": "enrichscrapy/0"}, 1, marks=pytest.mark.long),
    ],
)
@pytest.mark.long
def test_another_machines_clearance_is_tried_and_won_anew_where_it_does_not_serve(
    server, crawl, reply, tmp_path, no_browser_left, value, by, visits
):
    keep_clearance(tmp_path, server, value, time.time() + 3600, **by)
    server.answers["/x"] = Gate(server, reply)(reply(PAGE))
    crawled = crawl("/x")
    assert crawled.results[0]["status"] == 200
    assert crawled.stats.get("requests/browser_visits", 0) == visits
    with PerformerDatabase(tmp_path / "crawl.db") as database:
        kept = database.hosts.find_clearance(server.url.removeprefix("http://"))
    assert kept.machine == ("" if visits else "elsewhere")


@needs_browser
def test_all_who_wait_profit_from_one_visit(server, crawl, reply, photo, no_browser_left):
    gate = Gate(server, reply)
    server.answers |= {f"/{n}": gate(reply(PAGE)) for n in range(5)}
    crawled = crawl(*(f"/{n}" for n in range(5)), together=True)
    assert [r["status"] for r in crawled.results] == [200] * 5
    assert crawled.stats["requests/browser_visits"] == 1
    refused = [s for s in server.seen if "let-me-in" not in s.headers.get("Cookie", "")]
    plain = [s.path for s in refused if "Sec-Fetch-Dest" not in s.headers]
    assert len(plain) == 2  # robots.txt and the first page


def left_alone(crawled, detail):
    first, *rest = crawled.results
    assert first["outcome"] == "blocked"
    assert not first["transient"]
    assert first["detail"].startswith(detail)
    assert all(each is None or each["transient"] for each in rest)
    assert crawled.stats["finish_reason"] == "blocked"
    assert "Traceback" not in crawled.log


@needs_browser
@pytest.mark.long  # a whole crawl against one: tests/crawls/test_hostile_hosts.py
def test_a_challenge_that_never_opens(server, crawl, reply, no_browser_left):
    server.answers["/x"] = Gate(server, reply, script="")(reply(PAGE))
    crawled = crawl("/x", "/y", CHALLENGE_TIMEOUT=2)
    left_alone(crawled, "challenge: it did not open in time")
    assert "/y" not in server.paths


@needs_browser
@pytest.mark.long
def test_a_page_that_lets_in_without_a_cookie_that_serves(server, crawl, reply, no_browser_left):
    server.answers["/x"] = Gate(server, reply, cookie="cf_clearance=another")(reply(PAGE))
    script = '<script>document.body.innerHTML = "in"; document.title = "In"</script>'
    gate = Gate(server, reply, cookie="never=1", script=script)
    server.answers["/x"] = gate(reply(PAGE))
    crawled = crawl("/x", "/y", CHALLENGE_TIMEOUT=3)
    left_alone(crawled, "challenge: ")
    assert crawled.stats["requests/browser_visits"] == 1


@needs_browser
@pytest.mark.long
def test_a_page_that_hangs_the_browser(server, crawl, reply, no_browser_left, monkeypatch):
    server.answers["/x"] = Gate(server, reply, script="<script>for (;;) {}</script>")(reply(PAGE))
    left_alone(crawl("/x", "/y", CHALLENGE_TIMEOUT=2), "challenge: it did not open in time")


@needs_browser
@pytest.mark.long
def test_a_server_that_never_answers_the_browser(server, crawl, reply, in_turn, no_browser_left):
    def hang(handler):
        handler.connection.settimeout(PATIENCE)
        handler.connection.recv(1)

    challenge = reply(CHALLENGE, status=403, cf_mitigated="challenge")
    server.answers["/x"] = in_turn(challenge, hang)
    left_alone(crawl("/x", "/y", CHALLENGE_TIMEOUT=2), "challenge: ")


@needs_browser
def test_a_page_that_asks_for_too_much(server, crawl, reply, no_browser_left):
    script = "<script>setInterval(() => fetch('/more?' + Math.random()), 5)</script>"
    server.answers["/x"] = Gate(server, reply, script=script)(reply(PAGE))
    crawled = crawl("/x", "/y", CHALLENGE_MAX_REQUESTS=8)
    left_alone(crawled, "challenge: it asked for too many things")
    asked = [seen.path for seen in asked_by_browser(server)]
    assert len(asked) <= 8, asked


@needs_browser
def test_a_browser_killed_midway(server, crawl, reply, no_browser_left):
    def kill(handler):
        for pid in browser_processes():
            os.kill(pid, signal.SIGKILL)

    script = '<script src="/now.js"></script>'
    server.answers |= {"/x": Gate(server, reply, script=script)(reply(PAGE)), "/now.js": kill}
    left_alone(crawl("/x", "/y"), "challenge: browser")


@needs_browser
def test_a_crawl_killed_midway_leaves_no_browser(server, crawl, reply, make_probe, no_browser_left):
    probe = make_probe()

    def kill(handler):
        assert browser_processes()
        os.kill(probe.process.pid, signal.SIGKILL)

    script = '<script src="/now.js"></script>'
    server.answers |= {"/x": Gate(server, reply, script=script)(reply(PAGE)), "/now.js": kill}
    with pytest.raises(AssertionError, match="the probe died"):
        crawl("/x", by=probe)


@needs_browser
@pytest.mark.long
def test_a_browser_that_takes_too_much_memory(server, crawl, reply, no_browser_left):
    server.answers["/x"] = Gate(server, reply, script="")(reply(PAGE))
    crawled = crawl("/x", "/y", CHROMIUM_MEMORY=1)
    left_alone(crawled, "challenge: the browser took too much memory")


@needs_browser
def test_no_budget_no_browser(server, crawl, reply):
    server.answers["/x"] = Gate(server, reply)(reply(PAGE))
    crawled = crawl("/x", REQUESTS_PER_DAY=20, CHALLENGE_MAX_REQUESTS=30)
    assert crawled.stats["finish_reason"] == "budget"
    assert crawled.results[0]["transient"]
    assert asked_by_browser(server) == []


@needs_browser
@pytest.mark.long
def test_after_the_pause_a_challenge_gets_another_visit(server, crawl, reply, no_browser_left):
    closed = Gate(server, reply, script="")
    server.answers["/x"] = closed(reply(PAGE))
    left_alone(crawl("/x", CHALLENGE_TIMEOUT=1, CIRCUIT_PAUSE=0), "challenge: ")
    server.answers["/x"] = Gate(server, reply)(reply(PAGE))
    crawled = crawl("/x", CIRCUIT_PAUSE=0)
    assert crawled.results[0]["status"] == 200
    assert crawled.stats["finish_reason"] == "finished"


def test_without_a_browser_a_challenge_blocks_and_says_how_to_get_one(
    server, crawl, reply, make_probe, tmp_path
):
    server.answers["/x"] = Gate(server, reply)(reply(PAGE))
    probe = make_probe(PATH=str(tmp_path), HOME=str(tmp_path), CHROMIUM_PATH="")
    crawled = crawl("/x", "/y", by=probe)
    left_alone(crawled, "challenge: no browser found")
    assert "install" in crawled.results[0]["detail"]
    assert "No browser for challenges" in crawled.log


def test_a_browser_that_does_not_start(server, crawl, reply, tmp_path):
    server.answers["/x"] = Gate(server, reply)(reply(PAGE))
    left_alone(crawl("/x", "/y", CHROMIUM_PATH=shutil.which("false")), "challenge: browser")


def test_no_challenge_no_browser(server, crawl):
    crawl("/x", CHROMIUM_PATH=shutil.which("false"))
    assert server.paths == ["/robots.txt", "/x"]
