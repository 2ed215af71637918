"""The first page: what to do, what is new, how things stand."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from enrichscrapy.gallery.pages import answer, gallery_of


def show_overview(request: Request) -> HTMLResponse:
    """What there is to do; the figures that take longer are fetched by the page itself."""
    figures = gallery_of(request).figures
    return answer(
        request,
        "overview.html",
        news=figures.visit(),
        to_do=figures.to_do(),
        anybody=gallery_of(request).database.count_performers() > 0,
    )


def show_standing(request: Request) -> HTMLResponse:
    """Tables and plots, as a part of a page."""
    return HTMLResponse(gallery_of(request).figures.standing())
