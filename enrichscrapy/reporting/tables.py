"""The status as tables in the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from enrichscrapy.facts.text import one_line
from enrichscrapy.reporting.faces import ENOUGH, HardToTell, VerdictCount
from enrichscrapy.reporting.hosts import HostState
from enrichscrapy.reporting.index import IndexState
from enrichscrapy.reporting.sources import SourceProgress
from enrichscrapy.reporting.status import Status
from enrichscrapy.reporting.words import MODES, VERDICTS, duration, plural, reason_words, utc

OUTCOME_COLUMNS = ("found", "absent", "mismatch", "blocked", "failed", "given_up")


def print_status(status: Status, console: Console | None = None) -> None:
    """Tables on a terminal; under a pipe the same, as wide as it needs to be."""
    console = console or Console()
    if not console.is_terminal:
        console.width = max(console.width, 120)
    tables = [_sources(status)]
    tables += [_faces(status.faces)] if status.faces else []
    tables += [_hosts(status.hosts, status.at)] if status.hosts else []
    for shown in tables:
        console.print(shown, markup=False)
        console.print()
    for line in _sentences(status):
        console.print(line, highlight=False, markup=False)


def table(title: str, *columns: str, numbers: int) -> Table:
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


def _sources(status: Status) -> Table:
    words = [name.replace("_", "\n") for name in OUTCOME_COLUMNS]  # fits eighty columns
    made = table("Lookups", "source", "", "due", "later", *words, numbers=len(words) + 2)
    for row in status.sources:
        counts = [row.due, row.waiting, *(getattr(row, name) for name in OUTCOME_COLUMNS)]
        made.add_row(row.source, MODES[row.mode], *(_count(count) for count in counts))
    return made


def _count(count: int) -> str:
    return f"{count:,}" if count else "·"


def _faces(counts: Iterable[VerdictCount]) -> Table:
    made = table("Faces", "verdict", "reason", "source", "faces", numbers=1)
    counts = list(counts)
    for verdict, words in VERDICTS.items():
        rows = [row for row in counts if row.verdict == verdict]
        for place, row in enumerate(rows):
            first = words if place == 0 else ""
            made.add_row(first, reason_words(row.reason), row.source, _count(row.count))
    return made


def print_hosts(hosts: Sequence[HostState], now: float) -> None:
    """The hosts alone."""
    if not hosts:
        print("No host was asked yet.")
        return
    Console().print(_hosts(hosts, now))


def _hosts(hosts: Iterable[HostState], now: float) -> Table:
    made = table("Hosts", "host", "state", "seconds between", "requests today", numbers=2)
    for host in hosts:
        delay = "" if host.delay is None else f"{host.delay:.1f}"
        made.add_row(one_line(host.host), host_state(host, now), delay, _count(host.used_today))
    return made


def host_state(host: HostState, now: float) -> str:
    """How a host receives us now, in a few words."""
    reason = f": {one_line(host.circuit_reason)}" if host.circuit_reason else ""
    if host.circuit == "open":
        left = f", {duration(host.circuit_until - now)} left" if host.circuit_until else ""
        return f"left alone{left}{reason}"
    if host.circuit == "half_open":
        return f"one request to try again{reason}"
    if host.paused_until:
        return f"asked us to wait, {duration(host.paused_until - now)} left (see scrapy hosts)"
    return f"open, {plural(host.refusals, 'refusal')} in a row" if host.refusals else "open"


def _sentences(status: Status) -> Iterator[str]:
    covered = status.coverage
    before, after = covered.with_enough(covered.before), covered.with_enough(covered.after)
    yield (
        f"{plural(covered.performers, 'performer')}; {after:,} with {ENOUGH} or more accepted "
        f"faces ({before:,} before any crawl); {plural(covered.trusted, 'trusted face')}"
    )
    yield index_sentence(status.index)
    yield from (_filter(row) for row in status.sources if row.gender)
    if status.waiting_for_review:
        waits = plural(status.waiting_for_review, "face waits", "faces wait")
        yield f"{waits} for you: scrapy review --serve"
    if status.unread:
        waits = plural(status.unread, "performer waits", "performers wait")
        yield f"{waits} for you, with a birth date that cannot be read: scrapy birth-date"
        for one in status.unread_first:
            yield f"  id:{one.performer_id} {one_line(one.name)}: {one_line(one.text)}"
        if status.unread > len(status.unread_first):
            yield f"  and {status.unread - len(status.unread_first):,} more"
    if told := hard_to_tell_sentence(status.hard_to_tell):
        yield told


def hard_to_tell_sentence(hard: HardToTell) -> str:
    """For whom the model cannot decide, and what that costs; empty where it can for everybody."""
    if not hard.performers:
        return ""
    lie = plural(hard.performers, "performer lies", "performers lie")
    wait = plural(hard.faces, "near face of theirs waits", "near faces of theirs wait")
    return f"{lie} where the model may not tell people apart: {wait} for you"


def _filter(row: SourceProgress) -> str:
    gender = str(row.gender).lower().replace("_", " ")
    return (
        f"{row.source} {MODES[row.mode]}: {gender} performers and those of unknown gender; "
        "-a gender=all takes the others too"
    )


def index_sentence(index: IndexState) -> str:
    """The index in one line."""
    if index.problem:
        return f"Index: {index.problem}"
    if index.generation is None:
        return "Index: none published yet"
    behind = f", {plural(index.behind, 'change')} to publish" if index.behind else ""
    published = f"generation {int(index.generation)} of {utc(index.published_at)}"
    return f"Index: {plural(index.count, 'face')} in {published}{behind}"
