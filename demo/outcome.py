"""What a run of the demo left behind: the database in numbers, and where it is not as expected."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.padding import Padding
from rich.table import Table
from sqlalchemy import func, select

from demo.folder import State
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import faces, lookups, photo_results, photos
from enrichscrapy.index import FaceIndex
from enrichscrapy.reporting.words import OUTCOMES, PHOTOS, REASONS, VERDICTS
from enrichscrapy.settings import LOOKUPS_IN_PROGRESS as IN_FLIGHT

EXPECTED = Path(__file__).with_name("expected.json")
COLUMNS = {
    "import": "own photos",
    "babepedia": "babepedia",
    "iafd": "iafd",
}

Counts = dict[str, dict[str, int]]


def results(database: PerformerDatabase, index_dir: Path) -> dict[str, Any]:
    """The database in numbers: lookups, photos and faces by source, and the index's size."""
    with database.read() as connection:
        outcomes = connection.execute(
            select(lookups.c.source, lookups.c.mode, lookups.c.outcome, func.count()).group_by(
                lookups.c.source, lookups.c.mode, lookups.c.outcome
            )
        )
        judged = connection.execute(
            select(faces.c.source, faces.c.verdict, faces.c.reason, func.count()).group_by(
                faces.c.source, faces.c.verdict, faces.c.reason
            )
        )
        looked_at = connection.execute(
            select(photos.c.source, photo_results.c.outcome, func.count())
            .join(photo_results, photo_results.c.photo_id == photos.c.id)
            .group_by(photos.c.source, photo_results.c.outcome)
        )
        index = FaceIndex.open_current(index_dir, None)
        return {
            "lookups": _nested((f"{source}:{mode}", what, n) for source, mode, what, n in outcomes),
            "photos": _nested(tuple(row) for row in looked_at),
            "faces": _nested((source, f"{v}: {why}", n) for source, v, why, n in judged),
            "index": index.count if index is not None else 0,
        }


def _nested(rows: Iterable[Any]) -> Counts:
    out: Counts = {}
    for group, what, number in rows:
        out.setdefault(group, {})[what] = number
    return out


def closing_table(found: Mapping[str, Any]) -> Table:
    """Performers looked up, photos, and faces by verdict and reason; one column a source."""
    table = Table(title="What came of it", title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column("")
    for title in COLUMNS.values():
        table.add_column(title, justify="right")
    by_source = {key.partition(":")[0]: counts for key, counts in found["lookups"].items()}
    _add_rows(table, "performers looked up", by_source, OUTCOMES)
    _add_rows(table, "photos", found["photos"], PHOTOS)
    for verdict, words in VERDICTS.items():
        _add_rows(table, f"faces: {words}", _of_verdict(found["faces"], f"{verdict}: "), REASONS)
    return table


def _of_verdict(judged: Counts, prefix: str) -> Counts:
    return {
        source: {
            what.removeprefix(prefix): number
            for what, number in counts.items()
            if what.startswith(prefix)
        }
        for source, counts in judged.items()
    }


def _add_rows(table: Table, title: str, counts: Counts, words: Mapping[str, str]) -> None:
    """The sum by source in bold, and what it is made of."""
    sums = [sum(counts.get(source, {}).values()) for source in COLUMNS]
    if not any(sums):
        return
    table.add_row(f"[bold]{title}", *(f"[bold]{number or ''}" for number in sums))
    present = {what for each in counts.values() for what in each}
    for what in [*(each for each in words if each in present), *sorted(present - words.keys())]:
        cells = [str(counts.get(source, {}).get(what, "")) for source in COLUMNS]
        table.add_row(Padding(words.get(what, what), (0, 0, 0, 2)), *cells)


def load_expected() -> dict[str, Any]:
    expected: dict[str, Any] = json.loads(EXPECTED.read_text(encoding="utf-8"))
    return expected


def unexpected_results(found: Mapping[str, Any], stands_in: bool) -> list[str]:
    """Where the database and the index are not what ``expected.json`` says, a line each.

    It was written for the stand-in. With real weights the verdicts are the real network's, so
    only the lookups must agree.
    """
    expected = load_expected()
    told = []
    for section in ("lookups", "photos", "faces") if stands_in else ("lookups",):
        for group in sorted({*expected[section], *found[section]}):
            wanted, got = expected[section].get(group, {}), found[section].get(group, {})
            for what in sorted({*wanted, *got}):
                if wanted.get(what, 0) != got.get(what, 0):
                    told.append(
                        f"{section}, {group}: {what} {got.get(what, 0)} times, "
                        f"expected {wanted.get(what, 0)}"
                    )
    if stands_in and found["index"] != expected["index"]:
        told.append(f"index: {found['index']} faces, expected {expected['index']}")
    return told


def unexpected_requests(
    access_log: Path, entries: Sequence[Mapping[str, object]], state: State
) -> list[str]:
    """Where the sites' access log is not what ``expected.json`` says, a line each.

    ``entries`` are this run's; the log holds those of a run that was stopped before it as well.
    After a whole run, nothing may be asked for once more; after one that was stopped, only what
    was in flight then.
    """
    if state is State.WHOLE:
        repeated = [each for each in entries if each["kind"] in ("page", "search", "photo")]
        return [f"{each['site']}: {each['path']} was asked for again" for each in repeated]
    lines = access_log.read_text(encoding="utf-8").splitlines()
    logged = [json.loads(line) for line in lines]
    told = []
    for name, paths in load_expected()["pages"].items():
        pages = (each for each in logged if each["site"] == name and each["kind"] == "page")
        asked, wanted = Counter(each["path"] for each in pages), Counter(paths)
        twice = asked - wanted
        if state is State.NEW or twice.total() > IN_FLIGHT:
            told += [f"{name}: {path} was asked for again, {n} times" for path, n in twice.items()]
        told += [f"{name}: {path} was not asked for" for path in wanted - asked]
    return told
