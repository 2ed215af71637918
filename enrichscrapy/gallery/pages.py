"""What every page of the gallery needs: the gallery itself, and its templates."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from enrichscrapy import __version__
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.gallery.figures import Figures
from enrichscrapy.gallery.guards import Secrets, read_form
from enrichscrapy.reporting import words
from enrichscrapy.reporting.pages import load_environment, read_page_file
from enrichscrapy.review.desk import ReviewDesk

PACKAGE = "enrichscrapy.gallery"
FILES = {
    "common.css": ("enrichscrapy.reporting", "text/css"),
    "gallery.css": (PACKAGE, "text/css"),
    "gallery.js": (PACKAGE, "text/javascript"),
    "review.js": (PACKAGE, "text/javascript"),
}
"""What pages load: the package that has it, and its type."""

PAGES = ("performers", "review", "proposals")
"""Pages with forms, to which those lead back."""


@dataclass
class Gallery:
    """One database and the person who looks at it.

    ``genders`` maps each source to the gender its spider looks for by name (None: all).
    """

    desk: ReviewDesk
    index_dir: Path
    genders: Mapping[str, str | None]
    revisit_after_days: float = 0.0
    figures: Figures = field(init=False)

    def __post_init__(self) -> None:
        self.figures = Figures(self.database, self.index_dir, self.genders, self.revisit_after_days)

    @property
    def database(self) -> PerformerDatabase:
        return self.desk.database


def find_gallery(request: Request) -> Gallery:
    gallery: Gallery = request.app.state.gallery
    return gallery


def render_page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page; its templates have ``base`` (before every path), ``csrf`` and ``words``."""
    known: Secrets = request.app.state.secrets
    page = load_environment(PACKAGE).get_template(template)
    return HTMLResponse(
        page.render(
            base=known.base,
            csrf=known.csrf,
            words=words,
            version=__version__,
            files=address_files(),
            message=request.query_params.get("message", ""),
            **context,
        ),
        status,
    )


def go(request: Request, page: str) -> RedirectResponse:
    """On to a page after something was done, so that reloading does not do it again."""
    return RedirectResponse(f"{request.app.state.secrets.base}/{page}", 303)


def go_back(request: Request, message: str) -> Response:
    """To the page whose form this was, with the result; a script gets the words alone."""
    back = read_form(request).get("back", "")
    if not back.startswith(PAGES):
        return JSONResponse({"words": message})
    joint = "&" if "?" in back else "?"
    return go(request, f"{back}{joint}{urlencode({'message': message})}")


@cache
def address_files() -> dict[str, str]:
    """Each file's address: another content has another one."""
    digests = {
        name: hashlib.sha256(read_page_file(package, name).encode()).hexdigest()
        for name, (package, _) in FILES.items()
    }
    return {name: f"files/{name}?{digest[:12]}" for name, digest in digests.items()}
