"""The first page: what to do, what is new, how things stand."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from enrichscrapy.gallery.pages import find_gallery, render_page


def show_overview(request: Request) -> HTMLResponse:
    """What there is to do; the figures that take longer are fetched by the page itself."""
    figures = find_gallery(request).figures
    return render_page(
        request,
        "overview.html",
        news=figures.visit(),
        to_do=figures.to_do(),
        anybody=find_gallery(request).database.count_performers() > 0,
    )


def show_standing(request: Request) -> HTMLResponse:
    """Tables and plots, as a part of a page."""
    return HTMLResponse(find_gallery(request).figures.standing())
