"""The list of performers."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import HTMLResponse

from enrichscrapy.gallery.pages import find_gallery, render_page
from enrichscrapy.gallery.people import WORDS, Show, Wanted, find_people


def show_performers(request: Request) -> HTMLResponse:
    """``show`` is a part of the list, ``find`` what somebody typed, ``after`` and ``before`` ends
    of other pages; what makes no sense is as if it had not been given."""
    gallery, asked = find_gallery(request), request.query_params
    figures, database = gallery.figures, gallery.database
    show = asked.get("show", "")
    wanted = Wanted(
        show=Show(show) if show in set(Show) else Show.EVERYBODY,
        search=asked.get("find", "").strip(),
        after=asked.get("after", ""),
        before=asked.get("before", ""),
        since_face=figures.since_face(),
    )
    with database.read() as connection:
        due = figures.selections() if wanted.show is Show.DUE else ()
        people = find_people(connection, wanted, database.suppressions, due, database.clock())
    return render_page(
        request,
        "performers.html",
        people=people,
        wanted=wanted,
        parts=WORDS,
        counts=figures.people(),
    )
