"""The queue and a single face in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console

from enrichscrapy.facts.text import fold_line
from enrichscrapy.reporting.tables import make_table
from enrichscrapy.reporting.words import VERDICTS, count_words, describe_reason
from enrichscrapy.review.queue import Card, Waiting


def print_queue(rows: Sequence[Waiting], console: Console | None = None) -> None:
    """A table, as wide as it needs to be under a pipe."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, 120)
    if not rows:
        console.print("No face waits for a decision.")
        return
    made = make_table(
        count_words(len(rows), "face waits", "faces wait"),
        "face",
        "performer",
        "source",
        "why",
        "distance",
        "quality",
        numbers=2,
    )
    for row in rows:
        score = "" if row.score is None else f"{row.score:.2f}"
        name = f"{fold_line(row.name, 40)} #{row.performer_id}"
        why = describe_reason(row.reason)
        made.add_row(str(row.face_id), name, row.source, why, score, f"{row.quality:.2f}")
    console.print(made, markup=False)
    console.print("scrapy review show ID, accept ID, reject ID; or all by keyboard: --serve")


def tell_card(card: Card) -> Iterator[str]:
    """Line by line; pictures are for the page."""
    trusted = ", trusted" if card.trusted else ""
    yield (
        f"Face {card.face_id} of {fold_line(card.name)} #{card.performer_id}: "
        f"{VERDICTS.get(card.verdict, card.verdict)}{trusted}: {card.reason}"
    )
    if card.distances:
        yield f"  {card.distances}"
    yield f"  from {card.source}, quality {card.quality:.2f}"
    yield f"  photo {fold_line(card.photo_url, 400)}"
    if card.page_url:
        yield f"  page {fold_line(card.page_url, 400)}"
    known = ", ".join(
        f"{face.face_id} ({face.source}{', trusted' if face.trusted else ''})"
        for face in card.known
    )
    yield f"  known faces: {known or 'none'}"
    if card.rival:
        rival = card.rival
        yield (
            f"  nearest somebody else: face {rival.face_id} of {fold_line(rival.name)} "
            f"#{rival.performer_id}"
        )
