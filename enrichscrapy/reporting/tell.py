"""A performer's story as lines of plain text. What came from web pages is made safe to print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from enrichscrapy.facts.text import fold_line
from enrichscrapy.items import Performer
from enrichscrapy.reporting.faces import OWN
from enrichscrapy.reporting.story import FaceStory, LookupStory, Story
from enrichscrapy.reporting.words import (
    MODES,
    OUTCOMES,
    PHOTOS,
    VERDICTS,
    count_words,
    describe_distances,
    describe_reason,
    format_utc,
)


def tell(story: Story) -> Iterator[str]:
    """Line by line; a part begins at the margin, what belongs to it is indented."""
    yield from _tell_performer(story.performer)
    if story.unread_birth_date:
        text = fold_line(story.unread_birth_date)
        yield f"Not looked up: the birth date {text!r} cannot be read (scrapy birth-date)"
    if not story.lookups:
        yield "Never looked up."
    for lookup in story.lookups:
        yield from tell_lookup(lookup)
    yield from _tell_photos(story)
    yield from _tell_faces(story)
    for proposal in story.proposals:
        label = f" ({fold_line(proposal.label)})" if proposal.label else ""
        value = fold_line(proposal.value)
        yield f"{proposal.source} also names the {proposal.kind} {value}{label}"


def _tell_performer(performer: Performer) -> Iterator[str]:
    born = f"born {performer.birth_date}" if performer.birth_date else ""
    facts = [performer.gender, performer.country, born]
    known = ", ".join(fold_line(fact) for fact in facts if fact)
    yield f"Performer {performer.id}: {fold_line(performer.canonical_name)}"
    if known:
        yield f"  {known}"
    if performer.aliases:
        yield f"  also: {', '.join(fold_line(alias) for alias in performer.aliases)}"
    for url in performer.urls:
        yield f"  {fold_line(url, 400)}"


def tell_lookup(lookup: LookupStory) -> Iterator[str]:
    """What was asked of a source, and the result; all but the first line are indented."""
    if lookup.source == OWN:
        yield f"Your own photos, taken in on {format_utc(lookup.updated_at)}"
        return
    outcome = OUTCOMES.get(lookup.outcome, lookup.outcome)
    why = f": {fold_line(lookup.detail)}" if lookup.detail else ""
    how = MODES.get(lookup.mode, lookup.mode)
    yield f"{lookup.source}, {how}, on {format_utc(lookup.updated_at)}: {outcome}{why}"
    for page in lookup.evidence.get("pages") or []:
        yield f"  {_describe_page(page)}"
    identity = lookup.evidence.get("identity") or {}
    if lookup.identity:
        reason = identity.get("reason")
        because = f": {describe_reason(str(reason))}" if reason else ""
        yield f"  the person is {lookup.identity}{because}"
    yield from _tell_next_attempt(lookup)


def _describe_page(page: dict[str, object]) -> str:
    status = f" answered {page['status']}" if page.get("status") else ""
    outcome = OUTCOMES.get(str(page.get("outcome")), str(page.get("outcome")))
    detail = f" ({fold_line(str(page['detail']))})" if page.get("detail") else ""
    return f"{fold_line(str(page.get('url')), 400)}{status}: {outcome}{detail}"


def _tell_next_attempt(lookup: LookupStory) -> Iterator[str]:
    if lookup.next_attempt_at is not None:
        tries = [count_words(lookup.attempts, "failure")] if lookup.attempts else []
        tries += [count_words(lookup.blocks, "refusal")] if lookup.blocks else []
        after = f" after {' and '.join(tries)}" if tries else ""
        yield f"  due again{after} at {format_utc(lookup.next_attempt_at)}"
    elif lookup.outcome in ("failed", "blocked"):
        yield f"  given up after {count_words(lookup.attempts, 'attempt')}"


def _tell_photos(story: Story) -> Iterator[str]:
    for source in dict.fromkeys(photo.source for photo in story.photos):
        of_source = [photo for photo in story.photos if photo.source == source]
        words = {
            photo.id: PHOTOS.get(str(photo.outcome), str(photo.outcome)) for photo in of_source
        }
        counts = Counter(words.values())
        outcomes = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
        yield f"{count_words(len(of_source), 'photo')} from {source}: {outcomes}"
        for photo in of_source:
            if photo.detail:
                why = f"{words[photo.id]} ({fold_line(photo.detail)})"
                yield f"  {fold_line(photo.url, 400)}: {why}"


def _tell_faces(story: Story) -> Iterator[str]:
    found = [face for photo in story.photos for face in photo.faces]
    if not found:
        yield "No faces."
        return
    counts = Counter(face.verdict for face in found)
    verdicts = ", ".join(f"{counts[verdict]} {words}" for verdict, words in _put_in_order(counts))
    yield f"{count_words(len(found), 'face')}: {verdicts}"
    for face in sorted(found, key=lambda face: face.id):
        yield f"  {_describe_face(face)}"
        if distances := describe_distances(face.distances):
            yield f"    {distances}"


def _put_in_order(counts: Counter[str]) -> list[tuple[str, str]]:
    return [(str(verdict), words) for verdict, words in VERDICTS.items() if counts[verdict]]


def _describe_face(face: FaceStory) -> str:
    words = VERDICTS.get(face.verdict, face.verdict)
    trusted = ", trusted" if face.trusted else ""
    reason = describe_reason(face.reason)
    return f"face {face.id} ({face.source}): {words}{trusted}: {reason}"
