"""Proposals in the terminal: as a table, as CSV, as JSON."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice

from rich.console import Console

from enrichscrapy.database.accepting import Decision, Proposed
from enrichscrapy.facts.text import fold_line
from enrichscrapy.reporting.tables import make_table
from enrichscrapy.reporting.words import count_words, format_utc

SHOWN = 200
"""Rows that a table shows."""
COLUMNS = tuple(Proposed.__dataclass_fields__)
KINDS = {"birth_date": "birth date", "death_date": "death date"}


def print_table(found: Iterator[Proposed], console: Console | None = None) -> None:
    """The first of them; as wide as it needs to be under a pipe."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, 160)
    rows, more = list(islice(found, SHOWN)), sum(1 for _ in found)
    if not rows:
        console.print("Nothing is proposed.")
        return
    title = count_words(len(rows) + more, "proposal")
    made = make_table(
        title, "id", "performer", "what", "value", "source", "sure", "page", numbers=0
    )
    for row in rows:
        who = f"{fold_line(row.name, 40)} #{row.performer_id}"
        what = KINDS.get(row.kind, row.kind)
        sure = row.identity or ""
        value, page = fold_line(row.value, 80), fold_line(row.url or "", 80)
        made.add_row(str(row.id), who, what, value, row.source, sure, page)
    console.print(made, markup=False)
    if more:
        console.print(f"and {more} more: --csv and --json print all, --performer narrows it")
    console.print("scrapy proposals accept ID…, accept --all-confirmed, reject ID…")


def print_csv(found: Iterable[Proposed]) -> None:
    """All of them, row by row; ``seen_at`` in UTC."""
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for row in found:
        writer.writerow((asdict(row) | {"seen_at": format_utc(row.seen_at)}).values())


def print_json(found: Iterable[Proposed]) -> None:
    """All of them as one list, written as they are read."""
    separator = "[\n"
    for row in found:
        sys.stdout.write(separator + json.dumps(asdict(row), ensure_ascii=False))
        separator = ",\n"
    sys.stdout.write("[]\n" if separator == "[\n" else "\n]\n")


def describe_decision(decision: Decision) -> str:
    """One line on a proposal that was decided, or was not."""
    if decision.performer_id is None:
        return decision.refusal
    what = f"{KINDS.get(decision.kind, decision.kind)} {fold_line(decision.value)}"
    line = f"{decision.id}: {what} of performer {decision.performer_id}: {decision.state}"
    return f"{line}, {decision.refusal}" if decision.refusal else line
