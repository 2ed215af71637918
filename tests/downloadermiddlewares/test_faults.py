"""What a broken or hostile server can do to one request: each costs that one and is named."""

import datetime as dt
import ipaddress
import re
import socket
import ssl
import struct
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def drop(handler):
    """Reset the connection instead of closing it."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def start(handler, **headers):
    handler.send_response(200)
    for name, value in ({"Content-Type": "text/html"} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.flush()


def reset_at_once(handler):
    drop(handler)


def reset_in_body(handler):
    start(handler, Content_Length="1000")
    handler.wfile.write(b"<html>half")
    handler.wfile.flush()
    drop(handler)


def wrong_length(handler):
    start(handler, Content_Length="1000", Connection="close")
    handler.wfile.write(b"<html>short</html>")
    handler.close_connection = True


def drip(handler):
    start(handler, Content_Length="100000")
    handler.connection.settimeout(0.05)
    for _ in range(200):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        try:
            if not handler.connection.recv(1):
                return
        except TimeoutError:
            continue


def hang(handler):
    handler.connection.settimeout(30)
    handler.connection.recv(1)


def bad_chunks(handler):
    start(handler, Transfer_Encoding="chunked")
    handler.wfile.write(b"zz\r\nnot a chunk\r\n")
    handler.close_connection = True


def garbage(handler):
    handler.wfile.write(b"\x00\xff\x00 not http at all\r\n\r\n" * 10)
    handler.close_connection = True


def endless_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
    line = b"Set-Cookie: a%d=" + b"x" * 1000 + b"\r\n"
    for number in range(400_000):  # 400 MB, if anybody reads that far
        handler.wfile.write(line % number)


def two_lengths(handler):
    handler.wfile.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 3\r\nContent-Length: 5\r\n"
        b"\r\nabcde"
    )
    handler.close_connection = True


def write_self_signed(key, certificate):
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(private, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate.write_bytes(signed.public_bytes(pem))
    key.write_bytes(
        private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


FAULTS = {
    "/reset": (reset_at_once, "connection failed: "),
    "/reset-in-body": (reset_in_body, "cut short|connection failed: "),
    "/wrong-length": (wrong_length, "cut short"),
    "/drip": (drip, "timeout"),
    "/hang": (hang, "timeout"),
    "/bad-chunks": (bad_chunks, "cut short|connection failed: |.*Error"),
    "/garbage": (garbage, "connection failed: "),
    "/endless-headers": (endless_headers, "connection failed: "),
    "/two-lengths": (two_lengths, "connection failed: |.*Error"),
}


def test_each_fault_costs_one_request_and_is_named(server, crawl):
    server.answers |= {path: answer for path, (answer, _) in FAULTS.items()}
    wanted = [path for fault in FAULTS for path in (fault, "/good")]
    crawled = crawl(*wanted, DOWNLOAD_TIMEOUT=1)
    found = dict(zip(FAULTS, crawled.results[::2], strict=True))
    for path, (_, detail) in FAULTS.items():
        assert re.match(detail, found[path].get("detail", f"no error: {found[path]}")), path
        assert found[path]["outcome"] == "failed"
        assert "http" not in found[path]["detail"]
    assert [r["status"] for r in crawled.results[1::2]] == [200] * len(FAULTS)
    assert crawled.stats["finish_reason"] == "finished"
    assert "Unhandled" not in crawled.log
    assert "Traceback" not in crawled.log


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_headers_without_end_cost_no_memory(server, crawl, probe):
    server.answers["/endless-headers"] = endless_headers
    crawl("/x")

    def peak():
        with open(f"/proc/{probe.process.pid}/status") as status:
            return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1])

    before = peak()
    crawl("/endless-headers")
    assert peak() - before < 50_000


def test_no_name_and_no_server(server, crawl):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    refused = crawl("/x", base=f"http://127.0.0.1:{port}", ROBOTSTXT_OBEY=False)
    assert refused.details == ["connection refused"]
    site = {
        "NAME": "probe",
        "HOME": "https://nobody.invalid",
        "HOSTS": ["nobody.invalid"],
        "PHOTO_HOSTS": [],
    }
    unknown = crawl(
        "https://nobody.invalid/x", site=site, base="", DELAY_FLOORS={}, ROBOTSTXT_OBEY=False
    )
    assert unknown.details == ["dns failure"]


def test_new_attempts_bring_back_what_failed_once(server, crawl, reply, in_turn, photo):
    server.answers |= {
        "/page": in_turn(reset_at_once, reply()),
        "/a.jpg": in_turn(wrong_length, reply(b"\xff\xd8", Content_Type="image/jpeg")),
    }
    crawled = crawl("/page", photo("/a.jpg"), RETRY_TIMES=2)
    assert [r["status"] for r in crawled.results] == [200, 200]


def test_a_host_out_of_reach_is_left_alone_after_a_while(server, crawl):
    server.answers |= {f"/{n}": reset_at_once for n in range(9)}
    crawled = crawl(*(f"/{n}" for n in range(9)), CIRCUIT_FAILURES=4)
    assert crawled.stats["finish_reason"] == "blocked"
    assert server.paths == ["/robots.txt", "/0", "/1", "/2", "/3"]  # none sent twice


@pytest.mark.parametrize("text", ["\x1b]0;pwned\x07", "\x1b[2J", "\r\nINFO forged: line"])
def test_what_a_server_says_reaches_no_terminal(server, crawl, reply, text):
    server.answers["/x"] = reply(b"", status=302, Location="ftp://evil.example/" + text.strip())
    server.answers["/y"] = reply(b"x", Content_Type=f"video/{text.strip()}")
    crawled = crawl("/x", "/y")
    said = crawled.log + "".join(detail or "" for detail in crawled.details)
    assert "\x1b" not in said
    assert "\nINFO forged" not in said


def test_a_certificate_nobody_signed_is_not_accepted(make_server, crawl, tmp_path):
    server = make_server()
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    write_self_signed(key, certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.http.socket = context.wrap_socket(server.http.socket, server_side=True)
    crawled = crawl("/x", base=f"https://127.0.0.1:{server.port}", ROBOTSTXT_OBEY=False)
    assert crawled.details[0].startswith("connection failed")
    assert server.seen == []
