"""What pages said that the database does not have: accepted or rejected, one by one."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from enrichscrapy.database.accepting import OPEN, STATES, Wanted
from enrichscrapy.exceptions import VerdictRefused
from enrichscrapy.gallery.pages import find_gallery, go_back, render_page
from enrichscrapy.gallery.search import read_id
from enrichscrapy.reporting.proposals import KINDS, describe_decision
from enrichscrapy.reporting.words import count_words

PAGE = 50


def show_proposals(request: Request) -> HTMLResponse:
    """By performer; ``state`` is which, ``after`` the last one of the page before."""
    state = request.query_params.get("state", OPEN)
    wanted = Wanted(state if state in STATES else OPEN)
    after = request.query_params.get("after", "")
    owner, _, last = after.partition("~")
    place = (read_id(owner) or 0, read_id(last) or 0)
    rows = find_gallery(request).database.proposals.read_page(wanted, place, PAGE + 1)
    shown = rows[:PAGE]
    return render_page(
        request,
        "proposals.html",
        proposals=shown,
        next=f"{shown[-1].performer_id}~{shown[-1].id}" if len(rows) > PAGE else "",
        after=after,
        state=wanted.state,
        states=STATES,
        kinds=KINDS,
    )


def decide_proposal(request: Request) -> Response:
    store, action = find_gallery(request).database.proposals, request.path_params["action"]
    if action not in ("accept", "reject"):
        raise HTTPException(404)
    decide = store.accept if action == "accept" else store.reject
    decision = decide(request.path_params["proposal_id"])
    if decision.performer_id is None:
        raise VerdictRefused(decision.refusal)
    return go_back(request, describe_decision(decision))


def accept_confirmed(request: Request) -> Response:
    """All that confirmed pages say, but what could be a mistake."""
    decisions = list(find_gallery(request).database.proposals.accept_confirmed())
    refused = sum(bool(decision.refusal) for decision in decisions)
    message = f"{count_words(len(decisions) - refused, 'proposal')} accepted, {refused} left open."
    return go_back(request, message)
