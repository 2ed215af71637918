"""How the hosts receive the crawls."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from enrichscrapy.gallery.pages import answer, gallery_of
from enrichscrapy.reporting.hosts import host_states
from enrichscrapy.reporting.sources import troubles
from enrichscrapy.reporting.tables import host_state


def show_hosts(request: Request) -> HTMLResponse:
    gallery = gallery_of(request)
    now = gallery.database.clock()
    with gallery.database.read() as connection:
        states = host_states(connection, now)
        why = troubles(connection, gallery.genders)
    return answer(request, "hosts.html", hosts=states, troubles=why, now=now, host_state=host_state)
