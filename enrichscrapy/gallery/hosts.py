"""How the hosts receive the crawls."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from enrichscrapy.gallery.pages import find_gallery, render_page
from enrichscrapy.reporting.hosts import list_hosts
from enrichscrapy.reporting.report import render_refusals


def show_hosts(request: Request) -> HTMLResponse:
    gallery = find_gallery(request)
    now = gallery.database.clock()
    with gallery.database.read() as connection:
        hosts = list_hosts(connection, now)
    refusals = render_refusals(hosts, gallery.figures.troubles(), now)
    return render_page(request, "hosts.html", refusals=refusals)
