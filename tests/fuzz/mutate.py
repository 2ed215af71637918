"""Inputs that somebody might send: good ones, damaged in ways that a seed repeats."""

from __future__ import annotations

import random
from collections.abc import Sequence

LONGEST = 64 * 1024
TOKENS = (
    *(b"\0", b"\xff", b"\xff\xda", b"\xe2\x80\x8b", b"\xed\xa0\x80", b"\xf0\x9f\x91\xa9", b"\r\n"),
    *(b"<div>", b"</", b"<!--", b"&#x110000;", b"&amp;", b'"', b"'", b"<a href='//["),
    *(b"1990", b"2008", b"9" * 30, b"-1", b"1e999", b"NaN", b"[[[[", b"{}", b"null", b"\\u0000"),
    *(b"http://[::1/", b"%00", b"../", b"*" * 20, b"Disallow: /*a*a*a*a*a$", b"\xc5\xbd" * 20),
)


def mutated(corpus: Sequence[bytes], chance: random.Random) -> bytes:
    """One of the corpus after one to eight changes."""
    data = bytearray(chance.choice(corpus)[:LONGEST])
    for _ in range(chance.randint(1, 8)):
        _change(data, corpus, chance)
        del data[LONGEST:]
    return bytes(data)


def _change(data: bytearray, corpus: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randint(0, len(data))
    end = min(len(data), at + chance.choice((1, 4, 64, 4096)))
    piece = bytes(data[at:end])
    match chance.randrange(6):
        case 0:
            data[at:end] = chance.randbytes(end - at)
        case 1:
            del data[at:end]
        case 2:
            data[at:at] = chance.choice(TOKENS)
        case 3:
            data[at:at] = (piece or b"x") * chance.choice((2, 50, 5000))
        case 4:
            other = chance.choice(corpus)
            begin = chance.randint(0, len(other))
            data[at:end] = other[begin : begin + chance.choice((16, 1024, LONGEST))]
        case 5:
            data[at:at] = chance.choice(TOKENS) * chance.choice((10, 1000))
