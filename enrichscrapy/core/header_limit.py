"""A limit on response headers: Twisted reads them, cookies without end included, into memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.web._newclient import HEADER, STATUS

HEADER_MAX_BYTES = 256 * 1024


def limit_headers(pool: Any, limit: int = HEADER_MAX_BYTES) -> None:
    """Abort connections on which a response's headers grow beyond ``limit`` bytes.

    ``pool`` is a Twisted ``HTTPConnectionPool``. There is no setting for it: its protocols are
    wrapped as they are made. The request fails as with any connection that breaks.
    """
    make = pool._factory

    def factory(*args: Any) -> Any:
        made = make(*args)
        build = made.buildProtocol
        made.buildProtocol = lambda address: _limit_protocol(build(address), limit)
        return made

    pool._factory = factory


def _limit_protocol(protocol: Any, limit: int) -> Any:
    receive: Callable[[bytes], None] = protocol.dataReceived
    seen = 0

    def data_received(data: bytes) -> None:
        nonlocal seen
        seen += len(data) if _is_in_headers(protocol) else 0
        if seen > limit:
            protocol.transport.abortConnection()
            return
        receive(data)
        # A connection carries many responses, and headers and body often come in one piece.
        if not _is_in_headers(protocol):
            seen = 0

    protocol.dataReceived = data_received
    return protocol


def _is_in_headers(protocol: Any) -> bool:
    parser = protocol._parser
    return parser is not None and parser.state in (STATUS, HEADER)
