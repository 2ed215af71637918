"""The project's HTML pages: their files, wherever the package lies, and what they may do."""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
from functools import cache

from jinja2 import Environment, FunctionLoader, StrictUndefined


def read_page_file(package: str, name: str) -> str:
    """A file of ``package``'s folder ``page``, also when the package is a zipped egg."""
    folder = importlib.resources.files(package).joinpath("page")
    return folder.joinpath(name).read_text(encoding="utf-8")


@cache
def load_environment(package: str) -> Environment:
    """Templates of a package, with everything escaped that is not marked as markup."""
    made = Environment(
        loader=FunctionLoader(lambda name: read_page_file(package, name)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["count"] = lambda number: f"{number:,}" if number else "·"
    return made


def make_content_policy(script: str, style: str, *more: str) -> str:
    """Only this page's own script and style run; nothing is loaded but what ``more`` allows."""
    rules = (
        "default-src 'none'",
        "img-src data:",
        f"script-src {_digest(script)}",
        f"style-src {_digest(style)}",
        "base-uri 'none'",
        "form-action 'none'",
        *more,
    )
    return "; ".join(rules)


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
