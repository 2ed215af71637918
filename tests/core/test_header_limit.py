"""The limit on response headers, on a protocol fed by hand: pieces come as the test cuts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.web._newclient import HTTP11ClientProtocol, Request
from twisted.web.http_headers import Headers

from enrichscrapy.core.header_limit import limit_headers

LIMIT = 1000


class Wire(StringTransport):
    """A transport that remembers being aborted."""

    aborted = False

    def abortConnection(self):
        self.aborted = True


class Body(Protocol):
    """Keeps a response's body."""

    def __init__(self, bodies):
        self.bodies = bodies
        self.received = b""

    def dataReceived(self, data):
        self.received += data

    def connectionLost(self, reason):
        self.bodies.append(self.received)


class Pool:
    """What :func:`limit_headers` takes of a connection pool."""

    def __init__(self):
        self._factory = lambda keep: self
        self.transport = Wire()

    def buildProtocol(self, address):
        return HTTP11ClientProtocol(lambda protocol: None)

    def connect(self):
        limit_headers(self, LIMIT)
        protocol = self._factory(None).buildProtocol(None)
        protocol.makeConnection(self.transport)
        return protocol


def ask(protocol):
    """The list that will hold the body of one more response on the connection."""
    bodies = []
    headers = Headers({"host": ["site.invalid"]})
    asked = protocol.request(Request(b"GET", b"/", headers, None, persistent=True))
    asked.addCallback(lambda response: response.deliverBody(Body(bodies)))
    return bodies


def response(body):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@given(sizes=st.lists(st.integers(0, 900), min_size=1, max_size=8), data=st.data())
def test_small_responses_on_one_connection_never_add_up(sizes, data):
    pool = Pool()
    protocol = pool.connect()
    for size in sizes:
        body = b"x" * size
        received = ask(protocol)
        whole = response(body)
        cut = data.draw(st.integers(0, len(whole)))
        for piece in (whole[:cut], whole[cut:]):
            if piece:
                protocol.dataReceived(piece)
        assert received == [body]
    assert not pool.transport.aborted


@pytest.mark.parametrize("earlier", [0, 3])
def test_headers_without_end_are_cut_off(earlier):
    pool = Pool()
    protocol = pool.connect()
    for _ in range(earlier):
        ask(protocol)
        protocol.dataReceived(response(b"fine"))
    ask(protocol)
    protocol.dataReceived(b"HTTP/1.1 200 OK\r\n")
    for _ in range(LIMIT // 20):
        assert not pool.transport.aborted
        protocol.dataReceived(b"Cookie: 0123456789\r\n")
    assert pool.transport.aborted
