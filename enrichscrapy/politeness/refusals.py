"""Is this answer a refusal, and of which kind? Pure; facts about Cloudflare's pages.

``cf-mitigated`` is read before the status: a challenge comes with 403, 503 or 429. The word
"cloudflare" proves nothing, and the script below ``/cdn-cgi/challenge-platform/scripts/jsd/`` is
put into good pages as well.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_LOOKED_AT = 256 * 1024
"""Bytes of a body that are searched: refusal pages are small."""

_REFUSING = (403, 429, 503)


class RefusalKind(StrEnum):
    """Why a host did not answer with what was asked for."""

    CHALLENGE = "challenge"
    BLOCK = "block"
    RATE_LIMIT = "rate_limit"
    ORIGIN_DOWN = "origin_down"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True)
class Refusal:
    """``detail`` is one short line that starts with the kind: it is stored and shown."""

    kind: RefusalKind
    detail: str


# What tells a challenge from any other page, whatever the status says …
_CHALLENGE_ALWAYS = {
    "title": re.compile(rb"<title[^>]*>\s*just a moment\b[.\s\xe2\x80\xa6]*</title", re.I),
    "_cf_chl_opt": re.compile(rb"\b_cf_chl_opt\b"),
    "challenge-error-text": re.compile(rb"\bid\s*=\s*[\"']?challenge-error-text\b", re.I),
    "challenge-form": re.compile(rb"\bid\s*=\s*[\"']?challenge-form\b", re.I),
}
# … and what does so only on a page that came with a refusing status: good pages may have them.
_CHALLENGE_IF_REFUSED = {
    "challenge-platform": re.compile(rb"/cdn-cgi/challenge-platform/(?!scripts/jsd/)"),
    "cf-turnstile": re.compile(
        rb"\bclass\s*=\s*(?:\"[^\">]*|'[^'>]*|)(?<![\w-])cf-turnstile(?![\w-])", re.I
    ),
    "cf-turnstile-response": re.compile(
        rb"\bname\s*=\s*[\"']?cf-turnstile-response(?![\w-])", re.I
    ),
}
_WORDS = {"title": b"just a moment"}
"""What a page with such a mark holds, in any case of letters, where it is not the mark's name."""
_TITLE = re.compile(rb"<title[^>]*>(.{0,300}?)</title", re.I | re.S)
_ERROR_CODE = re.compile(
    rb"class\s*=\s*[\"']?[^\"'>]*\bcf-error-code\b[^>]*>\s*(?:error\b[^<\d]{0,20})?(\d{4})\b", re.I
)
_ERROR_1015 = re.compile(rb"\berror(?:\s+code)?:?\s*1015\b|you are being rate[ -]?limited", re.I)
_ERROR_DETAILS = re.compile(rb"\bid\s*=\s*[\"']?cf-error-details\b", re.I)


def classify_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal | None:
    """Tell a refusal from an answer; ``None`` for an answer (which may still be an error).

    ``headers`` may be spelt in any case; ``body`` is decompressed.
    """
    fields = {name.lower(): value for name, value in headers.items()}
    if "challenge" in fields.get("cf-mitigated", "").lower():
        return Refusal(RefusalKind.CHALLENGE, "challenge: cf-mitigated")
    body = body[:_LOOKED_AT]
    refused = status in _REFUSING
    found = find_challenge_marks(body, refused=refused) if refused or status < 300 else ()
    if found:
        return Refusal(RefusalKind.CHALLENGE, f"challenge: {found[0]}")
    if 520 <= status <= 526:
        return Refusal(RefusalKind.ORIGIN_DOWN, f"origin_down: http {status}")
    if refused and (_find_code(body) == "error 1015" or _ERROR_1015.search(body)):
        return Refusal(RefusalKind.RATE_LIMIT, "rate_limit: error 1015")
    if status == 429:
        return Refusal(RefusalKind.RATE_LIMIT, "rate_limit: http 429")
    if status == 403:
        reason = _find_block_reason(body)
        if reason:
            return Refusal(RefusalKind.BLOCK, f"block: {reason}")
        return Refusal(RefusalKind.FORBIDDEN, "forbidden: http 403")
    return None


def find_challenge_marks(body: bytes, *, refused: bool = False) -> tuple[str, ...]:
    """Names of the challenge's marks on a page; ``refused``: it came with a refusing status."""
    tried = _CHALLENGE_ALWAYS | (_CHALLENGE_IF_REFUSED if refused else {})
    body = body[:_LOOKED_AT]
    lowered = body.lower()  # most pages lack the word, and looking for it costs next to nothing
    return tuple(
        name
        for name, pattern in tried.items()
        if _WORDS.get(name, name.encode()) in lowered and pattern.search(body)
    )


def is_still_challenged(before: bytes, after: bytes) -> bool:
    """True while a page in a browser shows the marks of the challenge it began with.

    The status cannot tell: the browser keeps the first navigation's.
    """
    marks = {*_CHALLENGE_ALWAYS, *find_challenge_marks(before, refused=True)}
    return not marks.isdisjoint(find_challenge_marks(after, refused=True))


def _find_block_reason(body: bytes) -> str:
    title = _TITLE.search(body)
    words = html.unescape(title[1].decode("utf-8", "replace")).lower() if title else ""
    words = " ".join(words.split())
    if words.startswith("access denied"):
        return _find_code(body) or "access denied"
    if words.startswith("attention required"):
        return _find_code(body) or "attention required"
    return _find_code(body) or ("error page" if _ERROR_DETAILS.search(body) else "")


def _find_code(body: bytes) -> str:
    match = _ERROR_CODE.search(body)
    return f"error {match[1].decode()}" if match else ""
