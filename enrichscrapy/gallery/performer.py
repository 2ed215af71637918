"""One performer: every face beside the trusted ones, the story of each lookup, and forgetting."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from enrichscrapy.database.accepting import Wanted
from enrichscrapy.exceptions import SourceLocked
from enrichscrapy.forgetting.forget import OUT_OF_REACH, forget
from enrichscrapy.forgetting.rows import find_person
from enrichscrapy.gallery.guards import read_form
from enrichscrapy.gallery.pages import Gallery, find_gallery, go, render_page
from enrichscrapy.gallery.pictures import forget_thumbnails
from enrichscrapy.items import Verdict
from enrichscrapy.reporting.proposals import KINDS
from enrichscrapy.reporting.story import FaceStory, PhotoStory, Story, read_story
from enrichscrapy.reporting.tell import tell_lookup
from enrichscrapy.reporting.words import PHOTOS

GROUPS = {
    Verdict.QUARANTINED: "Waiting for you",
    Verdict.ACCEPTED: "Accepted",
    Verdict.RETIRED: "Retired",
    Verdict.REJECTED: "Rejected",
}


@dataclass(frozen=True)
class Shown:
    """A face and the photo it was found in."""

    face: FaceStory
    photo: PhotoStory


def show_performer(request: Request) -> Response:
    gallery = find_gallery(request)
    story = _read_story(request, gallery)
    faces = [Shown(face, photo) for photo in story.photos for face in photo.faces]
    faces.sort(key=lambda shown: (not shown.face.trusted, -shown.face.quality, shown.face.id))
    return render_page(
        request,
        "performer.html",
        story=story,
        performer=story.performer,
        groups={
            verdict.value: (heading, [shown for shown in faces if shown.face.verdict == verdict])
            for verdict, heading in GROUPS.items()
        },
        trusted=[shown for shown in faces if shown.face.trusted],
        lookups=[list(tell_lookup(lookup)) for lookup in story.lookups],
        pages={lookup.source: lookup.url for lookup in story.lookups if lookup.url},
        proposals=gallery.database.proposals.read_page(Wanted(None, story.performer.id)),
        kinds=KINDS,
        photos=list(_list_photos_without_faces(story)),
    )


def forget_performer(request: Request) -> Response:
    """Asks, and does it when somebody said yes."""
    gallery = find_gallery(request)
    story = _read_story(request, gallery)
    if read_form(request).get("sure") != "yes":
        faces = sum(len(photo.faces) for photo in story.photos)
        return render_page(request, "forget.html", story=story, faces=faces, done=None, reach=())
    person = find_person(gallery.database, f"id:{story.performer.id}")
    try:
        done = forget(gallery.database, person, gallery.index_dir, gallery.genders, wait=0.0)
    except SourceLocked as error:
        message = (
            f"{error}. Nothing new is taken in from now on; the rest goes when the crawl ends."
        )
        query = urlencode({"message": message})
        return go(request, f"performers/{story.performer.id}?{query}")
    forget_thumbnails()
    shown = render_page(request, "forget.html", story=story, faces=0, done=done, reach=OUT_OF_REACH)
    shown.headers["Clear-Site-Data"] = '"cache"'  # a browser keeps thumbnails for an hour
    return shown


def _read_story(request: Request, gallery: Gallery) -> Story:
    story = read_story(gallery.database, request.path_params["performer_id"])
    if story is None:
        raise HTTPException(404)
    return story


def _list_photos_without_faces(story: Story) -> Iterator[tuple[PhotoStory, str]]:
    for photo in story.photos:
        if not photo.faces:
            words = PHOTOS.get(str(photo.outcome), str(photo.outcome or "not looked at"))
            yield photo, f"{words} ({photo.detail})" if photo.detail else words
