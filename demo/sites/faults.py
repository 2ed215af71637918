"""What a demo site can do wrong on purpose: refusals, delays and broken answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """One way in which a request can go wrong."""

    STATUS = "status"  # answers with ``status`` (503)
    CHALLENGE = "challenge"  # lets the client in once its script has set a cookie
    CHALLENGE_NEVER = "challenge_never"  # its script never succeeds
    CHALLENGE_HANGS = "challenge_hangs"  # its script never ends loading
    BLOCK = "block"  # access denied, error 1020
    RATE_LIMIT = "rate_limit"  # 429, error 1015, with Retry-After
    ORIGIN_DOWN = "origin_down"  # 521, or another ``status`` of 520 to 526
    DELAY = "delay"  # answers after ``seconds``
    DRIP = "drip"  # sends a byte every ``seconds``
    ENDLESS = "endless"  # a body without end
    WRONG_LENGTH = "wrong_length"  # promises more bytes than it sends
    RESET = "reset"  # resets the connection in the middle of the body
    WRONG_TYPE = "wrong_type"  # says that it is a PDF
    GZIP_BOMB = "gzip_bomb"  # a small body that unpacks to ``size`` bytes
    REDIRECT_LOOP = "redirect_loop"
    REDIRECT = "redirect"  # to ``location``
    COOKIES = "cookies"  # sets many large cookies
    HUGE = "huge"  # a page of ``size`` bytes
    UNKNOWN_SHAPE = "unknown_shape"  # a page that is neither a profile nor a not-found page
    LAYOUT_CHANGE = "layout_change"  # the profile, without any class or id
    BODY = "body"  # answers 200 with ``body``: another robots.txt, say


@dataclass
class Fault:
    """A fault for a path; ``times`` limits it to the first n requests (None: all).

    ``status`` 0 is the kind's usual one; ``seconds`` is the delay or pause, ``size`` is in bytes,
    ``retry_after`` a value of that header (seconds or an HTTP date).
    """

    kind: Kind
    times: int | None = None
    status: int = 0
    seconds: float = 1.0
    size: int = 50_000_000
    location: str = ""
    retry_after: str = ""
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def status_for(self, usual: int) -> int:
        """What the client sees in place of an answer of the status ``usual``."""
        return self.status or _USUAL.get(self.kind, 200) or usual

    def spend(self) -> bool:
        """Whether it strikes now; a limited one is used up by that."""
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


_USUAL = {
    Kind.STATUS: 503,
    Kind.CHALLENGE: 403,
    Kind.CHALLENGE_NEVER: 403,
    Kind.CHALLENGE_HANGS: 403,
    Kind.BLOCK: 403,
    Kind.RATE_LIMIT: 429,
    Kind.ORIGIN_DOWN: 521,
    Kind.REDIRECT: 302,
    Kind.REDIRECT_LOOP: 302,
    Kind.DELAY: 0,
    Kind.LAYOUT_CHANGE: 0,
}

CHALLENGE_COOKIE = "cf_clearance"

_CHALLENGE = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>
<meta http-equiv="refresh" content="390"></head><body class="no-js">
<div class="main-wrapper"><h1>{host}</h1><form id="challenge-form" action="?" method="POST">
<div class="cf-turnstile"></div><span id="challenge-error-text">Enable JavaScript and cookies to
continue</span></form></div>
<script>window._cf_chl_opt = {{cType: "managed"}};</script>
<script src="/cdn-cgi/challenge-platform/h/b/orchestrate.js"></script>
<script>{script}</script></body></html>"""

_SCRIPTS = {
    Kind.CHALLENGE: (
        f'setTimeout(function () {{ document.cookie = "{CHALLENGE_COOKIE}=passed; path=/"; '
        "location.reload(); }, 300);"
    ),
    Kind.CHALLENGE_NEVER: "",
    Kind.CHALLENGE_HANGS: "while (true) {}",
}

_BLOCK = """<!DOCTYPE html><html><head><title>Attention Required! | Cloudflare</title></head><body>
<div id="cf-error-details"><h1><span>Sorry, you have been blocked</span>
<span class="cf-error-code">1020</span></h1></div></body></html>"""

_RATE_LIMIT = """<!DOCTYPE html><html><head><title>Access denied</title></head><body>
<div id="cf-error-details"><h1>Error 1015</h1><p>You are being rate limited</p></div>
</body></html>"""

_UNKNOWN = """<!DOCTYPE html><html><head><title>Welcome to our new home</title></head><body>
<main><h1>We moved things around</h1><p>Please choose a section.</p></main></body></html>"""


def challenge_page(kind: Kind, host: str) -> str:
    """The page of a challenge: a script that lets in, never does, or never ends."""
    return _CHALLENGE.format(host=host, script=_SCRIPTS[kind])


def refusal_page(kind: Kind) -> str:
    return {Kind.BLOCK: _BLOCK, Kind.RATE_LIMIT: _RATE_LIMIT, Kind.UNKNOWN_SHAPE: _UNKNOWN}[kind]
