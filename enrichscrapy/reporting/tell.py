"""A performer's story as lines of plain text. What came from web pages is made safe to print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from enrichscrapy.facts.text import one_line
from enrichscrapy.items import Performer
from enrichscrapy.reporting.faces import OWN
from enrichscrapy.reporting.story import FaceStory, LookupStory, PhotoStory, Story
from enrichscrapy.reporting.words import (
    MODES,
    OUTCOMES,
    PHOTOS,
    VERDICTS,
    distance_words,
    plural,
    reason_words,
    utc,
)


def tell(story: Story) -> Iterator[str]:
    """Line by line; a part begins at the margin, what belongs to it is indented."""
    yield from _performer(story.performer)
    if story.unread_birth_date:
        text = one_line(story.unread_birth_date)
        yield f"Not looked up: the birth date {text!r} cannot be read (scrapy birth-date)"
    if not story.lookups:
        yield "Never looked up."
    for lookup in story.lookups:
        yield from tell_lookup(lookup)
    yield from _photos(story)
    yield from _faces(story)
    for proposal in story.proposals:
        label = f" ({one_line(proposal.label)})" if proposal.label else ""
        value = one_line(proposal.value)
        yield f"{proposal.source} also names the {proposal.kind} {value}{label}"


def _performer(performer: Performer) -> Iterator[str]:
    born = f"born {performer.birth_date}" if performer.birth_date else ""
    facts = [performer.gender, performer.country, born]
    known = ", ".join(one_line(fact) for fact in facts if fact)
    yield f"Performer {performer.id}: {one_line(performer.canonical_name)}"
    if known:
        yield f"  {known}"
    if performer.aliases:
        yield f"  also: {', '.join(one_line(alias) for alias in performer.aliases)}"
    for url in performer.urls:
        yield f"  {one_line(url, 400)}"


def tell_lookup(lookup: LookupStory) -> Iterator[str]:
    """What was asked of a source and what came of it; all but the first line is indented."""
    if lookup.source == OWN:
        yield f"Your own photos, taken in on {utc(lookup.updated_at)}"
        return
    outcome = OUTCOMES.get(lookup.outcome, lookup.outcome)
    why = f": {one_line(lookup.detail)}" if lookup.detail else ""
    how = MODES.get(lookup.mode, lookup.mode)
    yield f"{lookup.source}, {how}, on {utc(lookup.updated_at)}: {outcome}{why}"
    for page in lookup.evidence.get("pages") or []:
        yield f"  {_page(page)}"
    identity = lookup.evidence.get("identity") or {}
    if lookup.identity:
        reason = identity.get("reason")
        told = f": {reason_words(str(reason))}" if reason else ""
        yield f"  the person is {lookup.identity}{told}"
    yield from _next_attempt(lookup)


def _page(page: dict[str, object]) -> str:
    status = f" answered {page['status']}" if page.get("status") else ""
    outcome = OUTCOMES.get(str(page.get("outcome")), str(page.get("outcome")))
    detail = f" ({one_line(str(page['detail']))})" if page.get("detail") else ""
    return f"{one_line(str(page.get('url')), 400)}{status}: {outcome}{detail}"


def _next_attempt(lookup: LookupStory) -> Iterator[str]:
    if lookup.next_attempt_at is not None:
        tries = [plural(lookup.attempts, "failure")] if lookup.attempts else []
        tries += [plural(lookup.blocks, "refusal")] if lookup.blocks else []
        after = f" after {' and '.join(tries)}" if tries else ""
        yield f"  due again{after} at {utc(lookup.next_attempt_at)}"
    elif lookup.outcome in ("failed", "blocked"):
        yield f"  given up after {plural(lookup.attempts, 'attempt')}"


def _photos(story: Story) -> Iterator[str]:
    for source in dict.fromkeys(photo.source for photo in story.photos):
        mine = [photo for photo in story.photos if photo.source == source]
        counts = Counter(PHOTOS.get(str(photo.outcome), str(photo.outcome)) for photo in mine)
        told = ", ".join(f"{count} {words}" for words, count in counts.most_common())
        yield f"{plural(len(mine), 'photo')} from {source}: {told}"
        for photo in mine:
            if photo.detail:
                yield f"  {one_line(photo.url, 400)}: {_photo(photo)}"


def _photo(photo: PhotoStory) -> str:
    words = PHOTOS.get(str(photo.outcome), str(photo.outcome))
    return f"{words} ({one_line(photo.detail)})"


def _faces(story: Story) -> Iterator[str]:
    found = [face for photo in story.photos for face in photo.faces]
    if not found:
        yield "No faces."
        return
    counts = Counter(face.verdict for face in found)
    told = ", ".join(f"{counts[verdict]} {words}" for verdict, words in _in_order(counts))
    yield f"{plural(len(found), 'face')}: {told}"
    for face in sorted(found, key=lambda face: face.id):
        yield f"  {_face(face)}"
        if distances := distance_words(face.distances):
            yield f"    {distances}"


def _in_order(counts: Counter[str]) -> list[tuple[str, str]]:
    return [(str(verdict), words) for verdict, words in VERDICTS.items() if counts[verdict]]


def _face(face: FaceStory) -> str:
    words = VERDICTS.get(face.verdict, face.verdict)
    trusted = ", trusted" if face.trusted else ""
    reason = reason_words(face.reason)
    return f"face {face.id} ({face.source}): {words}{trusted}: {reason}"
