"""Deciding about faces: the review page, which asks for one card after another, and what its keys
and the buttons of other pages do."""

from __future__ import annotations

import base64
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from enrichscrapy.exceptions import VerdictRefused
from enrichscrapy.gallery.guards import read_form
from enrichscrapy.gallery.pages import find_gallery, go_back, render_page
from enrichscrapy.gallery.search import read_id
from enrichscrapy.review.desk import ReviewDesk, Step
from enrichscrapy.review.queue import Card, Narrowed, count_waiting, list_waiting_after, read_card

QUEUE = 200
"""Faces of the queue that the page asks for at a time."""


def show_review(request: Request) -> Response:
    """``performer`` and ``source`` narrow the queue."""
    return render_page(request, "review.html", narrowed=_read_narrowed(request))


def send_queue(request: Request) -> Response:
    """The ids after a face, and how many wait in all."""
    after = read_id(request.query_params.get("after", "0"))
    if after is None:
        raise HTTPException(400, "after is no face")
    narrowed, desk = _read_narrowed(request), find_gallery(request).desk
    with find_gallery(request).database.read() as connection:
        ids = list_waiting_after(connection, after, QUEUE, narrowed)
        left = count_waiting(connection, narrowed)
    return JSONResponse({"faces": ids, "left": left, "steps": len(desk.steps)})


def send_card(request: Request) -> Response:
    face_id = request.path_params["face_id"]
    shown = read_card(find_gallery(request).database, face_id)
    if shown is None:
        raise VerdictRefused(f"there is no face {face_id}")
    return JSONResponse(_add_pictures(shown))


def decide(request: Request) -> Response:
    """``accept``, ``lend`` (accept without trust), ``reject``, ``reject-rest`` or ``undo``."""
    face_id, action = request.path_params["face_id"], request.path_params["action"]
    step = _take(find_gallery(request).desk, action, face_id)
    return _answer_step(request, step)


def undo_step(request: Request) -> Response:
    return _answer_step(request, find_gallery(request).desk.undo_step())


def undo_all(request: Request) -> Response:
    """Everything of this session, the latest first; stops at what cannot be taken back."""
    desk = find_gallery(request).desk
    face_ids: list[int] = []
    while desk.steps:
        face_ids += desk.undo_step().face_ids
    return _answer_step(request, Step(tuple(face_ids), f"{len(face_ids)} decisions undone."))


def _take(desk: ReviewDesk, action: str, face_id: int) -> Step:
    match action:
        case "accept" | "lend":
            words = desk.accept(face_id, trusted=action == "accept").words
        case "reject":
            words = desk.reject(face_id).words
        case "undo":
            words = desk.undo(face_id).words
        case "reject-rest":
            return desk.reject_rest(face_id)
        case _:
            raise HTTPException(404)
    return Step((face_id,), words)


def _answer_step(request: Request, step: Step) -> Response:
    """For a script what was done; for a form the page it came from."""
    if "back" in read_form(request):
        return go_back(request, step.words)
    return JSONResponse({"faces": step.face_ids, "words": step.words})


def _read_narrowed(request: Request) -> Narrowed:
    asked = request.query_params
    return Narrowed(read_id(asked.get("performer", "")), asked.get("source") or None)


def _add_pictures(shown: Card) -> dict[str, Any]:
    """The card with its pictures as data URLs: no further request is needed to show it, so that
    no key can decide about a face that is still on its way."""
    value = shown.to_json()
    value["crop"] = _make_data_url(shown.crop)
    for name, others in (("known", shown.known), ("page", shown.page)):
        for entry, other in zip(value[name], others, strict=True):
            entry["crop"] = _make_data_url(other.crop)
    if shown.rival is not None:
        value["rival"]["crop"] = _make_data_url(shown.rival.crop)
    return value


def _make_data_url(crop: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(crop).decode()}" if crop else ""
