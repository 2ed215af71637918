"""Fetching over a real loopback server: whole, cut, resumed, refused, and by two at once."""

import hashlib
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from enrichscrapy.faces.facenet import download
from enrichscrapy.faces.facenet.download import DownloadError, Progress, fetch

DATA = bytes(range(256)) * 4096
SHA256 = hashlib.sha256(DATA).hexdigest()


class Files(BaseHTTPRequestHandler):
    """/whole honours ranges, /stubborn does not, /cut hangs up half-way every first time."""

    def do_GET(self):
        self.server.asked.append((self.path, self.headers.get("Range")))
        if self.path == "/missing":
            return self.send_error(404)
        if self.path == "/endless":  # says nothing of its size
            self.send_response(200)
            self.end_headers()
            return self.wfile.write(DATA)
        if self.path == "/page":
            return self.answer(b"<html>Sorry</html>", 0)
        asked = self.headers.get("Range")
        start = int(asked[6:-1]) if asked and self.path != "/stubborn" else 0
        if start >= len(DATA):
            return self.send_error(416)
        first = self.path == "/cut" and len(self.server.asked) == 1
        return self.answer(DATA[start:], start, len(DATA) // 2 if first else None)

    def answer(self, body, start, only=None):
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(DATA) - 1}/{len(DATA)}")
        self.end_headers()
        self.wfile.write(body[:only])

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as running:
        running.asked = []
        running.url = f"http://127.0.0.1:{running.server_port}"
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "cache" / "file.pt"


def left(target):
    """What lies beside the file, the lock apart."""
    return sorted(path.name for path in target.parent.iterdir() if path.suffix != ".lock")


def test_whole_and_only_once(server, target, capsys):
    for _ in range(2):
        assert fetch(server.url + "/whole", target, SHA256, "Fetching").read_bytes() == DATA
    assert len(server.asked) == 1
    assert left(target) == ["file.pt"]
    assert "Fetching: 100 % of 1 MB" in capsys.readouterr().err


def test_goes_on_where_the_connection_ended(server, target):
    fetch(server.url + "/cut", target, SHA256, "Fetching")
    assert target.read_bytes() == DATA
    assert server.asked == [("/cut", None), ("/cut", f"bytes={len(DATA) // 2}-")]


@pytest.mark.parametrize("have", [1, 1000, len(DATA) - 1, len(DATA)])
def test_goes_on_after_a_kill(server, target, have):
    target.parent.mkdir()
    target.with_name("file.pt.part").write_bytes(DATA[:have])
    fetch(server.url + "/whole", target, SHA256, "Fetching")
    assert target.read_bytes() == DATA
    assert server.asked == [("/whole", f"bytes={have}-")]
    assert left(target) == ["file.pt"]


def test_server_without_ranges_begins_anew(server, target):
    target.parent.mkdir()
    target.with_name("file.pt.part").write_bytes(DATA[:1000])
    fetch(server.url + "/stubborn", target, SHA256, "Fetching")
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("rest", [b"another file's beginning", bytes(2 * len(DATA))])
def test_wrong_beginning_is_thrown_away(server, target, rest):
    target.parent.mkdir()
    target.with_name("file.pt.part").write_bytes(rest)
    fetch(server.url + "/whole", target, SHA256, "Fetching")
    assert target.read_bytes() == DATA
    assert server.asked[-1] == ("/whole", None)


@pytest.mark.parametrize(
    ("path", "reason"), [("/page", "SHA-256"), ("/missing", "404"), ("/cut", "SHA-256")]
)
def test_what_is_not_the_file_is_never_kept(server, target, path, reason):
    wanted = SHA256 if path != "/cut" else "0" * 64
    with pytest.raises(DownloadError, match=reason) as caught:
        fetch(server.url + path, target, wanted, "Fetching")
    assert "\n" not in str(caught.value)
    assert left(target) == []


def test_no_server(target):
    with pytest.raises(DownloadError, match="refused"):
        fetch("http://127.0.0.1:9/file", target, SHA256, "Fetching")


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/file", "no address"])
def test_only_the_web(target, url):
    with pytest.raises(DownloadError, match="no address on the web"):
        fetch(url, target, SHA256, "Fetching")


def test_folder_that_cannot_be_made(tmp_path, server):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DownloadError):
        fetch(server.url + "/whole", tmp_path / "file" / "file.pt", SHA256, "Fetching")


def test_of_two_at_once_one_fetches(server, target):
    with ThreadPoolExecutor(2) as pool:
        paths = pool.map(
            lambda _: fetch(server.url + "/whole", target, SHA256, "Fetching"), range(2)
        )
        assert [path.read_bytes() == DATA for path in paths] == [True, True]
    assert len(server.asked) == 1


def test_bar_on_a_terminal():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    progress = Progress("Fetching", stream)
    for done in (0, 500_000, 500_001, 1_000_000):
        progress.show(done, 1_000_000)
    drawn = stream.getvalue()
    assert drawn.count("\r") == 3  # nothing is drawn twice
    assert drawn.endswith("Fetching: 100 % of 1 MB [" + "#" * 30 + "]\n")


def test_lock_is_not_inherited_by_a_dead_process(server, target):
    """The lock goes with its holder: a fetch that was killed does not block the next one."""
    target.parent.mkdir()
    child = os.fork()
    if child == 0:  # hold the lock and die without letting go
        import fcntl

        file = target.with_name("file.pt.lock").open("wb")
        fcntl.flock(file, fcntl.LOCK_EX)
        os._exit(0)
    os.waitpid(child, 0)
    assert fetch(server.url + "/whole", target, SHA256, "Fetching").exists()


@pytest.mark.parametrize("path", ["/whole", "/endless"])
def test_more_than_the_bound_is_never_taken(server, target, monkeypatch, path):
    monkeypatch.setattr(download, "MAX_BYTES", len(DATA) // 2)
    with pytest.raises(DownloadError, match="more"):
        fetch(server.url + path, target, SHA256, "weights")
    assert not target.exists()
    part = target.with_name("file.pt.part")
    assert not part.exists() or part.stat().st_size <= len(DATA) // 2


@pytest.mark.parametrize("suffix", [".part", ".lock"])
def test_no_link_is_followed(server, target, tmp_path, suffix):
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    target.parent.mkdir()
    target.with_name(target.name + suffix).symlink_to(victim)
    with pytest.raises(DownloadError):
        fetch(server.url + "/whole", target, SHA256, "weights")
    assert victim.read_bytes() == b"mine"
