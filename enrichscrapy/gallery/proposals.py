"""What pages said that the database does not have."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import HTMLResponse

from enrichscrapy.database.accepting import OPEN
from enrichscrapy.database.schema import performers, proposals
from enrichscrapy.gallery.pages import answer, gallery_of

PAGE = 50


@dataclass(frozen=True)
class Listed:
    """A proposal and whose it is."""

    id: int
    performer_id: int
    name: str
    kind: str
    value: str
    label: str | None
    source: str
    url: str | None


def show_proposals(request: Request) -> HTMLResponse:
    """Newest first; ``after`` is the last one of the page before."""
    after = request.query_params.get("after", "")
    query = (
        select(
            proposals.c.id,
            proposals.c.performer_id,
            performers.c.canonical_name,
            *(proposals.c[name] for name in ("kind", "value", "label", "source", "url")),
        )
        .join(performers, performers.c.id == proposals.c.performer_id)
        .where(proposals.c.state == OPEN)
        .order_by(proposals.c.id.desc())
        .limit(PAGE + 1)
    )
    if after.isdecimal() and int(after) < 1 << 63:
        query = query.where(proposals.c.id < int(after))
    with gallery_of(request).database.read() as connection:
        rows = [Listed(*row) for row in connection.execute(query)]
    last = rows[PAGE - 1].id if len(rows) > PAGE else None
    return answer(request, "proposals.html", proposals=rows[:PAGE], last=last, paged=bool(after))
