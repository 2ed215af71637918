import http.client
import json
import socket
import threading

import pytest

from enrichscrapy.items import Verdict
from enrichscrapy.review.server import MAX_BODY, TOKEN_HEADER, ReviewServer
from tests.sample_database import HOSTILE_NAME, WAITING
from tests.support import PATIENCE


@pytest.fixture
def server(desk, sample):
    """A served queue of three faces."""
    for name in ("Ada Demo", HOSTILE_NAME, "Cleo Demo"):
        sample.lookup(sample.performer(name), faces=[WAITING])
    with ReviewServer(desk) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.shutdown()
        thread.join(timeout=PATIENCE)
        assert not thread.is_alive()


def ask(server, method, path, *, token=None, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=PATIENCE)
    sent = {TOKEN_HEADER: token} if token else {}
    data = None if body is None else json.dumps(body)
    connection.request(method, path, body=data, headers={**sent, **(headers or {})})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer, content


def test_it_listens_on_loopback_only(server):
    assert server.server_address[0] == "127.0.0.1"
    assert server.link.startswith("http://127.0.0.1:")


def test_the_page_needs_the_token_of_the_link(server):
    page, content = ask(server, "GET", server.link.partition(str(server.server_port))[2])
    assert page.status == 200
    assert b"<!doctype html>" in content
    assert "default-src 'none'" in page.getheader("Content-Security-Policy")
    for path in ("/", "/?token=", "/?token=wrong", "/?token=%C3%A4"):
        assert ask(server, "GET", path)[0].status == 403


def test_the_interface_needs_the_token_in_a_header(server):
    assert ask(server, "GET", "/api/queue")[0].status == 403
    assert ask(server, "GET", f"/api/queue?token={server.token}")[0].status == 403
    assert ask(server, "POST", "/api/faces/1/accept", body={})[0].status == 403
    assert ask(server, "GET", "/api/queue", token="wrong")[0].status == 403
    answer, content = ask(server, "GET", "/api/queue", token=server.token)
    assert (answer.status, json.loads(content)) == (200, {"faces": [1, 2, 3]})


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1"])
def test_another_host_name_is_turned_away_even_with_the_token(server, host, sample):
    headers = {"Host": host}
    for method, path in (("GET", "/api/queue"), ("POST", "/api/faces/1/reject")):
        body = {} if method == "POST" else None
        answer, _ = ask(server, method, path, token=server.token, body=body, headers=headers)
        assert answer.status == 421
    assert sample.database.faces.get(1).verdict is Verdict.QUARANTINED


def test_decisions_are_the_desks(server, sample):
    def post(path, body=None):
        answer, content = ask(server, "POST", path, token=server.token, body=body or {})
        return answer.status, json.loads(content)

    assert post("/api/faces/1/accept")[1]["verdict"] == "accepted"
    assert sample.database.faces.get(1).trusted
    assert post("/api/faces/1/undo")[1]["verdict"] == "quarantined"
    post("/api/faces/1/accept", {"trusted": False})
    assert not sample.database.faces.get(1).trusted
    assert post("/api/faces/2/reject")[1]["verdict"] == "rejected"
    status, told = post("/api/faces/99/accept")
    assert (status, told["error"]) == (409, "there is no face 99")


def test_a_card_brings_its_pictures_along(server):
    _, content = ask(server, "GET", "/api/faces/2", token=server.token)
    shown = json.loads(content)
    assert shown["name"] == HOSTILE_NAME
    assert shown["crop"].startswith("data:image/jpeg;base64,")
    assert ask(server, "GET", "/api/faces/99", token=server.token)[0].status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/api/faces/1/accept"),
        ("GET", "/../../etc/passwd"),
        ("POST", "/api/faces/1/destroy"),
        ("POST", "/api/faces/-1/accept"),
    ],
)
def test_other_paths_are_not_there(server, method, path):
    body = {} if method == "POST" else None
    assert ask(server, method, path, token=server.token, body=body)[0].status == 404


def test_bodies_are_bounded_and_must_be_json_objects(server):
    too_long = {"x": "a" * MAX_BODY}
    url = "/api/faces/1/accept"
    assert ask(server, "POST", url, token=server.token, body=too_long)[0].status == 413
    assert ask(server, "POST", url, token=server.token, body=[1])[0].status == 400
    chunked = {"Transfer-Encoding": "chunked"}
    assert ask(server, "POST", url, token=server.token, headers=chunked)[0].status == 413


def test_rubbish_does_not_end_the_server(server):
    for rubbish in (b"\0\0\0\r\n\r\n", b"GET /\r\n\r\n", b"POST / HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=PATIENCE) as raw:
            raw.sendall(rubbish)
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(4096):
                pass
    assert ask(server, "GET", "/api/queue", token=server.token)[0].status == 200


def test_nothing_is_logged_that_holds_the_token(server, capfd):
    ask(server, "GET", server.link.partition(str(server.server_port))[2])
    captured = capfd.readouterr()
    assert server.token not in captured.out + captured.err


@pytest.mark.parametrize("known", [False, True])
def test_what_cannot_be_read_is_answered_without_a_traceback(server, capfd, known):
    token = server.token if known else "wrong"
    deep = b"[" * MAX_BODY
    for request, status in (
        (b"GET http://[::1/ HTTP/1.1\r\n", {400}),
        (b"POST http://[::1/ HTTP/1.1\r\nContent-Length: 2\r\n", {400, 403}),
        (b"POST /api/faces/1/accept HTTP/1.1\r\nContent-Length: %d\r\n" % MAX_BODY, {400, 403}),
    ):
        host = f"Host: 127.0.0.1:{server.server_port}\r\n{TOKEN_HEADER}: {token}\r\n".encode()
        with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as link:
            link.sendall(request + host + b"Connection: close\r\n\r\n" + deep)
            assert int(link.recv(4096).split()[1]) in status
    assert "Traceback" not in capfd.readouterr().err
