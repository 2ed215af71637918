"""The application: which page answers which path, and what becomes of errors."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from enrichscrapy.exceptions import EnrichError
from enrichscrapy.gallery import (
    decisions,
    hosts,
    overview,
    performer,
    performers,
    pictures,
    proposals,
)
from enrichscrapy.gallery.guards import Secrets
from enrichscrapy.gallery.pages import FILES, Gallery, render_page
from enrichscrapy.reporting.pages import read_page_file


class IdConvertor(IntegerConvertor):
    """A row's id: what SQLite can hold, and no more."""

    regex = "[0-9]{1,18}"


register_url_convertor("id", IdConvertor())


def create_application(gallery: Gallery, secrets: Secrets) -> Starlette:
    """The pages alone; nothing may reach them but through ``guards.Guards``."""
    application = Starlette(
        routes=[
            Route("/", overview.show_overview),
            Route("/standing", overview.show_standing),
            Route("/performers", performers.show_performers),
            Route("/performers/{performer_id:id}", performer.show_performer),
            Route(
                "/performers/{performer_id:id}/forget",
                performer.forget_performer,
                methods=["GET", "POST"],
            ),
            Route("/review", decisions.show_review),
            Route("/review/queue", decisions.send_queue),
            Route("/review/faces/{face_id:id}", decisions.send_card),
            Route("/review/faces/{face_id:id}/{action}", decisions.decide, methods=["POST"]),
            Route("/review/undo", decisions.undo_step, methods=["POST"]),
            Route("/review/undo-all", decisions.undo_all, methods=["POST"]),
            Route("/faces/{face_id:id}.webp", pictures.send_thumbnail),
            Route("/faces/{face_id:id}.jpg", pictures.send_crop),
            Route("/proposals", proposals.show_proposals),
            Route("/proposals/accept-confirmed", proposals.accept_confirmed, methods=["POST"]),
            Route(
                "/proposals/{proposal_id:id}/{action}", proposals.decide_proposal, methods=["POST"]
            ),
            Route("/hosts", hosts.show_hosts),
            Route("/files/{name}", send_file),
        ],
        exception_handlers={
            HTTPException: _tell_status,
            EnrichError: _tell_error,
            Exception: _tell_fault,
        },
    )
    application.state.gallery = gallery
    application.state.secrets = secrets
    return application


def send_file(request: Request) -> Response:
    """A style sheet or a script; its address changes with its content."""
    name = request.path_params["name"]
    if name not in FILES:
        raise HTTPException(404)
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    package, kind = FILES[name]
    return Response(read_page_file(package, name), headers=headers, media_type=kind)


def _tell_status(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = "There is no such page." if error.status_code == 404 else error.detail
    return _tell(request, error.status_code, message)


def _tell_error(request: Request, error: Exception) -> Response:
    """Somebody else decided, the face was forgotten meanwhile, the database is locked."""
    return _tell(request, 409, str(error))


def _tell_fault(request: Request, _error: Exception) -> Response:
    return _tell(request, 500, "This page failed; the terminal says how.")


def _tell(request: Request, status: int, words: str) -> Response:
    if request.headers.get("accept", "").startswith("application/json"):
        return JSONResponse({"error": words}, status)
    return render_page(request, "problem.html", status, problem=words)
