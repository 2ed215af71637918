"""The status as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from enrichscrapy.facts.text import fold_line
from enrichscrapy.reporting.faces import ENOUGH, HardToTell, VerdictCount
from enrichscrapy.reporting.hosts import HostReport
from enrichscrapy.reporting.index import IndexState
from enrichscrapy.reporting.machines import MachineReport
from enrichscrapy.reporting.sources import SourceProgress
from enrichscrapy.reporting.status import Status
from enrichscrapy.reporting.words import (
    MODES,
    VERDICTS,
    count_words,
    describe_reason,
    format_duration,
    format_utc,
)

OUTCOME_COLUMNS = ("found", "absent", "mismatch", "blocked", "failed", "given_up")


def print_status(status: Status, console: Console | None = None) -> None:
    """Tables on a terminal; under a pipe the same, as wide as it needs to be."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, 120)
    tables = [_make_sources(status)]
    tables += [_make_faces(status.faces)] if status.faces else []
    tables += [_make_hosts(status.hosts, status.at)] if status.hosts else []
    tables += [_make_machines(status.machines)] if status.machines else []
    for shown in tables:
        console.print(shown, markup=False)
        console.print()
    for line in _list_sentences(status):
        console.print(line, highlight=False, markup=False)


def make_table(title: str, *columns: str, numbers: int) -> Table:
    """A plain table whose last ``numbers`` columns hold numbers."""
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        collapse_padding=True,
        pad_edge=False,
        show_edge=False,
    )
    for place, column in enumerate(columns):
        right = place >= len(columns) - numbers
        made.add_column(column, justify="right" if right else "left")
    return made


def _make_sources(status: Status) -> Table:
    words = [name.replace("_", "\n") for name in OUTCOME_COLUMNS]  # fits eighty columns
    made = make_table("Lookups", "source", "", "due", "later", *words, numbers=len(words) + 2)
    for row in status.sources:
        counts = [row.due, row.waiting, *(getattr(row, name) for name in OUTCOME_COLUMNS)]
        made.add_row(row.source, MODES[row.mode], *(_format_count(count) for count in counts))
    return made


def _format_count(count: int) -> str:
    return f"{count:,}" if count else "·"


def _make_faces(counts: Iterable[VerdictCount]) -> Table:
    made = make_table("Faces", "verdict", "reason", "source", "faces", numbers=1)
    counts = list(counts)
    for verdict, words in VERDICTS.items():
        rows = [row for row in counts if row.verdict == verdict]
        for place, row in enumerate(rows):
            first = words if place == 0 else ""
            made.add_row(first, describe_reason(row.reason), row.source, _format_count(row.count))
    return made


def print_hosts(hosts: Sequence[HostReport], now: float) -> None:
    """The hosts alone."""
    if not hosts:
        print("No host was asked yet.")
        return
    Console().print(_make_hosts(hosts, now))


def print_machines(machines: Sequence[MachineReport]) -> None:
    """The machines alone."""
    if not machines:
        print("No machine shares this database.")
        return
    Console().print(_make_machines(machines))


def _make_machines(machines: Iterable[MachineReport]) -> Table:
    made = make_table("Machines", "machine", "last seen", "crawls", "files", "to forget", numbers=2)
    for each in machines:
        seen = format_utc(each.last_seen)
        if each.struck_off_at is not None:
            seen = f"struck off {format_utc(each.struck_off_at)}"
        crawls = ", ".join(each.crawls)
        counts = (_format_count(each.files), _format_count(each.erasures_left))
        made.add_row(fold_line(each.name), seen, crawls, *counts)
    return made


def _make_hosts(hosts: Iterable[HostReport], now: float) -> Table:
    made = make_table("Hosts", "host", "state", "seconds between", "requests today", numbers=2)
    for host in hosts:
        delay = "" if host.delay is None else f"{host.delay:.1f}"
        made.add_row(
            fold_line(host.host), describe_host(host, now), delay, _format_count(host.used_today)
        )
    return made


def describe_host(host: HostReport, now: float) -> str:
    """How a host receives us now, in a few words."""
    reason = f": {fold_line(host.circuit_reason)}" if host.circuit_reason else ""
    if host.circuit == "open":
        if host.circuit_until and host.circuit_until <= now:
            return f"left alone until the next crawl, which tries it{reason}"
        left = f", {format_duration(host.circuit_until - now)} left" if host.circuit_until else ""
        return f"left alone{left}{reason}"
    if host.circuit == "half_open":
        return f"one request to try again{reason}"
    if host.paused_until:
        return (
            f"asked us to wait, {format_duration(host.paused_until - now)} left (see scrapy hosts)"
        )
    return f"open, {count_words(host.refusals, 'refusal')} in a row" if host.refusals else "open"


def _list_sentences(status: Status) -> Iterator[str]:
    covered = status.coverage
    before, after = covered.with_enough(covered.before), covered.with_enough(covered.after)
    yield (
        f"{count_words(covered.performers, 'performer')}; {after:,} with {ENOUGH} or more accepted "
        f"faces ({before:,} before any crawl); {count_words(covered.trusted, 'trusted face')}"
    )
    yield describe_index(status.index)
    yield from (_describe_filter(row) for row in status.sources if row.gender)
    if status.waiting_for_review:
        waits = count_words(status.waiting_for_review, "face waits", "faces wait")
        yield f"{waits} for you: scrapy review --serve"
    if status.unread:
        waits = count_words(status.unread, "performer waits", "performers wait")
        yield f"{waits} for you, with a birth date that cannot be read: scrapy birth-date"
        for one in status.unread_first:
            yield f"  id:{one.performer_id} {fold_line(one.name)}: {fold_line(one.text)}"
        if status.unread > len(status.unread_first):
            yield f"  and {status.unread - len(status.unread_first):,} more"
    if line := describe_hard_to_tell(status.hard_to_tell):
        yield line


def describe_hard_to_tell(hard: HardToTell) -> str:
    """For whom the model cannot decide, and what that costs; empty where it can for everybody."""
    if not hard.performers:
        return ""
    lie = count_words(hard.performers, "performer lies", "performers lie")
    wait = count_words(hard.faces, "near face of theirs waits", "near faces of theirs wait")
    return f"{lie} where the model may not tell people apart: {wait} for you"


def _describe_filter(row: SourceProgress) -> str:
    gender = str(row.gender).lower().replace("_", " ")
    return (
        f"{row.source} {MODES[row.mode]}: {gender} performers and those of unknown gender; "
        "-a gender=all takes the others too"
    )


def describe_index(index: IndexState) -> str:
    """The index in one line."""
    if index.problem:
        return f"Index: {index.problem}"
    if index.generation is None:
        return "Index: none published yet"
    behind = f", {count_words(index.behind, 'change')} to publish" if index.behind else ""
    published = f"generation {int(index.generation)} of {format_utc(index.published_at)}"
    return f"Index: {count_words(index.count, 'face')} in {published}{behind}"
