"""Who gets an answer: only pages of this server, on this machine, that know both tokens."""

import http.client
import json
import socket

import pytest

from enrichscrapy.files.locks import lock_source
from enrichscrapy.gallery.guards import CSRF_HEADER, MAX_BODY
from enrichscrapy.items import Verdict
from tests.gallery.conftest import serve
from tests.sample_database import HOSTILE_NAME, WAITING, open_sample
from tests.support import PATIENCE

FORM = "application/x-www-form-urlencoded"
PAGES = ["", "performers", "performers/2", "review", "review/queue", "review/faces/2", "proposals"]
PAGES += ["hosts", "standing", "faces/2.webp", "faces/2.jpg", "files/gallery.js"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Three faces that wait, the second of somebody with a hostile name."""
    made = open_sample(tmp_path_factory.mktemp("guards") / "performers.db")
    for name in ("Ada Demo", HOSTILE_NAME, "Cleo Demo"):
        made.lookup(made.performer(name), faces=[WAITING])
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def guarded(world):
    with serve(world) as server:
        yield server


def ask(server, method, path, *, token=None, csrf=None, body=None, headers=None):
    """``path`` is below the token, as the server's links have it."""
    base = f"/{token}" if token is not None else server.secrets.base
    sent = {CSRF_HEADER: csrf} if csrf else {}
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    connection.request(method, f"{base}/{path}", body=body, headers={**sent, **(headers or {})})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def post(server, path, **given):
    return ask(server, "POST", path, **{"csrf": server.secrets.csrf, "body": "", **given})


def test_it_listens_on_loopback_only(guarded):
    assert guarded._socket.getsockname()[0] == "127.0.0.1"
    assert guarded.link().startswith("http://127.0.0.1:")


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_shown_without_the_token(guarded, path):
    assert ask(guarded, "GET", path)[0].status == 200
    for token in ("", "wrong", guarded.secrets.token[:-1], "%C3%A4", guarded.secrets.csrf):
        answer, content = ask(guarded, "GET", path, token=token)
        assert (answer.status, b"scrapy gallery" in content) == (403, True)


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_says_what_its_page_may_do(guarded, path):
    for answer in (ask(guarded, "GET", path)[0], ask(guarded, "GET", path, token="x")[0]):
        policy = answer.getheader("Content-Security-Policy")
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.getheader("X-Frame-Options") == "DENY"
        assert answer.getheader("Referrer-Policy") == "same-origin"
        assert "public" not in answer.getheader("Cache-Control")


def test_pages_are_not_kept_by_the_browser_and_pictures_for_an_hour(guarded):
    assert ask(guarded, "GET", "performers/2")[0].getheader("Cache-Control") == "no-store"
    picture, content = ask(guarded, "GET", "faces/2.webp")
    assert picture.getheader("Cache-Control") == "private, max-age=3600"
    assert (content[:4], content[8:12], len(content) < 5000) == (b"RIFF", b"WEBP", True)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1"])
def test_another_host_name_is_turned_away_even_with_the_tokens(guarded, world, host):
    headers = {"Host": host}
    assert ask(guarded, "GET", "", headers=headers)[0].status == 421
    assert post(guarded, "review/faces/1/reject", headers=headers)[0].status == 421
    assert world.database.faces.get(1).verdict is Verdict.QUARANTINED


@pytest.mark.parametrize(
    "given",
    [
        {"csrf": ""},
        {"csrf": "wrong"},
        {"headers": {"Origin": "http://evil.example"}},
        {"headers": {"Origin": "null"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Sec-Fetch-Site": "same-site"}},
    ],
)
@pytest.mark.parametrize("path", ["review/faces/1/reject", "review/undo", "performers/1/forget"])
def test_nothing_is_changed_for_another_page(guarded, world, path, given):
    body, headers = "sure=yes", {"Content-Type": FORM, **given.get("headers", {})}
    asked = {**given, "body": body, "headers": headers}
    assert post(guarded, path, **asked)[0].status == 403
    assert world.database.faces.get(1).verdict is Verdict.QUARANTINED


def test_reading_changes_nothing(guarded, world):
    for action in ("accept", "reject", "undo"):
        assert ask(guarded, "GET", f"review/faces/1/{action}")[0].status == 405
    ask(guarded, "GET", "performers/1/forget?sure=yes")
    assert world.database.faces.get(1).verdict is Verdict.QUARANTINED


def test_what_a_script_is_told_of_decisions(guarded, world):
    def told(path):
        answer, content = post(guarded, path, headers={"Accept": "application/json"})
        return answer.status, json.loads(content)

    assert told("review/faces/3/accept")[1]["faces"] == [3]
    assert world.database.faces.get(3).trusted
    assert told("review/undo")[1]["words"] == "Face 3: undone: quarantined as before."
    told("review/faces/3/lend")
    assert not world.database.faces.get(3).trusted
    assert told("review/faces/3/undo")[0] == 200
    assert told("review/faces/99/accept") == (409, {"error": "there is no face 99"})
    assert told("review/undo")[0] == 409


def test_a_form_goes_back_to_its_page_and_nowhere_else(guarded):
    def location(back):
        body = f"csrf={guarded.secrets.csrf}&back={back}"
        answer, _ = post(
            guarded, "review/faces/3/undo", csrf="", body=body, headers={"Content-Type": FORM}
        )
        return answer.status, answer.getheader("Location")

    post(guarded, "review/faces/3/accept")
    status, target = location("performers/3")
    assert (status, target.startswith(f"{guarded.secrets.base}/performers/3?message=")) == (
        303,
        True,
    )
    post(guarded, "review/faces/3/accept")
    assert location("//evil.example") == (200, None)


def test_while_a_crawl_runs_somebody_is_kept_out_and_removed_later(guarded, world):
    performer_id = world.performer("Dora Demo")
    body = f"csrf={guarded.secrets.csrf}&sure=yes"
    lock = lock_source(world.database.path, "babepedia", "crawl babepedia")
    try:
        answer, _ = post(
            guarded,
            f"performers/{performer_id}/forget",
            csrf="",
            body=body,
            headers={"Content-Type": FORM},
        )
    finally:
        lock.release()
    assert answer.status == 303
    assert "goes+when+the+crawl+ends" in answer.getheader("Location")
    assert performer_id in world.database.suppressions.list_blocked()


def test_a_card_brings_its_pictures_along(guarded):
    shown = json.loads(ask(guarded, "GET", "review/faces/2")[1])
    assert shown["name"] == HOSTILE_NAME
    assert shown["crop"].startswith("data:image/jpeg;base64,")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "performers/99", 404),
        ("GET", f"performers/{1 << 70}", 404),
        ("GET", f"faces/{1 << 70}.webp", 404),
        ("GET", "faces/99.webp", 404),
        ("GET", "files/../../etc/passwd", 404),
        ("GET", "files/pages.py", 404),
        ("GET", "review/queue?after=x", 400),
        ("GET", f"review/queue?after={'9' * 5000}", 400),
        ("GET", f"review/queue?performer={'9' * 5000}", 200),
        ("GET", f"performers?show=due&find={'9' * 99}&after=~{'9' * 5000}", 200),
        ("GET", f"proposals?after={'9' * 5000}~%C2%B2", 200),
        ("POST", "review/faces/1/destroy", 404),
        ("POST", "review/faces/-1/accept", 404),
        ("POST", "hosts", 405),
        ("POST", "proposals/1/destroy", 404),
        ("POST", "proposals/99/accept", 409),
    ],
)
def test_other_paths_are_not_there(guarded, method, path, status):
    assert (post if method == "POST" else get)(guarded, path)[0].status == status


def get(server, path):
    return ask(server, "GET", path)


def test_bodies_are_bounded_and_must_be_readable(guarded):
    url = "review/faces/1/accept"
    as_json = {"Content-Type": "application/json"}
    assert post(guarded, url, body="a" * (MAX_BODY + 1))[0].status == 413
    assert post(guarded, url, body=b"\xff\xfe", headers={"Content-Type": FORM})[0].status == 400
    for body in ("[1]", "{", "[" * MAX_BODY, '"text"'):
        assert post(guarded, url, body=body, headers=as_json)[0].status == 400
    chunked = {"Transfer-Encoding": "chunked"}
    assert post(guarded, url, body=None, headers=chunked)[0].status == 413


def test_rubbish_does_not_end_the_server(guarded, capfd):
    for rubbish in (
        b"\0\0\0\r\n\r\n",
        b"GET /\r\n\r\n",
        b"POST / HTTP/1.1\r\n\r\n",
        b"GET http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET " + guarded.secrets.base.encode() + b"/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", guarded.port), timeout=PATIENCE) as raw:
            raw.sendall(rubbish)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
    assert ask(guarded, "GET", "")[0].status == 200
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""


def test_nothing_is_logged_that_holds_the_token(guarded, capfd, caplog):
    for path in ("", "performers/99", "review/faces/99"):
        ask(guarded, "GET", path)
    captured = capfd.readouterr()
    assert guarded.secrets.token not in captured.out + captured.err + caplog.text
