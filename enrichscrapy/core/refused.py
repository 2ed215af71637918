"""The one exception with which the middlewares refuse a request, and words for all the others."""

from __future__ import annotations

import re

from scrapy import exceptions as scrapy_errors
from scrapy.exceptions import IgnoreRequest
from twisted.web.client import ResponseFailed

from enrichscrapy.facts.text import fold_line
from enrichscrapy.items import Outcome


class RequestRefused(IgnoreRequest):
    """A request that was not made, or whose answer may not be used.

    ``outcome`` is ``BLOCKED`` or ``FAILED``; ``detail`` is one short, safe line. ``transient``:
    nothing was learnt of this performer (the host's robots.txt is out of reach, its circuit is
    open, the budget is used up): no row is written and the lookup stays due.
    """

    def __init__(self, outcome: Outcome, detail: str, *, transient: bool = False) -> None:
        self.outcome = outcome
        self.detail = fold_line(detail)
        self.transient = transient
        super().__init__(self.detail)


_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (scrapy_errors.CannotResolveHostError, "dns failure"),
    (scrapy_errors.DownloadConnectionRefusedError, "connection refused"),
    (scrapy_errors.DownloadTimeoutError, "timeout"),
    (scrapy_errors.ResponseDataLossError, "cut short"),
    (scrapy_errors.UnsupportedURLSchemeError, "scheme not allowed"),
)


def describe_failure(error: BaseException) -> str:
    """What went wrong, as one short line for ``detail``: no URL, no control characters."""
    if isinstance(error, RequestRefused):
        return error.detail
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    if isinstance(error, IgnoreRequest) and "max redirections" in str(error):
        return "too many redirects"
    if isinstance(error, scrapy_errors.DownloadFailedError):
        return f"connection failed: {_find_reason(error)}"
    text = re.sub(r"\b[a-zA-Z][a-zA-Z0-9+.-]*://\S+", "<url>", str(error))
    return fold_line(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _find_reason(error: BaseException) -> str:
    """The type of what lies beneath: Twisted wraps it, and its own text is a list of objects."""
    cause = error.__cause__
    if isinstance(cause, ResponseFailed) and cause.reasons:
        cause = cause.reasons[0].value
    return type(cause or error).__name__
