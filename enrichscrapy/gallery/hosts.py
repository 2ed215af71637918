"""How the hosts receive the crawls."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from enrichscrapy.gallery.pages import answer, gallery_of
from enrichscrapy.reporting.hosts import list_hosts
from enrichscrapy.reporting.tables import describe_host


def show_hosts(request: Request) -> HTMLResponse:
    gallery = gallery_of(request)
    now = gallery.database.clock()
    with gallery.database.read() as connection:
        states = list_hosts(connection, now)
    return answer(
        request,
        "hosts.html",
        hosts=states,
        troubles=gallery.figures.troubles(),
        now=now,
        host_state=describe_host,
    )
