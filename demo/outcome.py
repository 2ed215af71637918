"""What a run of the demo left behind: the database in numbers, and where it is not as expected."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table
from sqlalchemy import func, select

from demo.sites import DemoSite
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.database.schema import faces, lookups, photo_results, photos
from enrichscrapy.index import FaceIndex

EXPECTED = Path(__file__).with_name("expected.json")
COLUMNS = {
    "import": "own photos",
    "babepedia": "babepedia, by link",
    "iafd": "iafd, by name",
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
    table = Table(title="What came of it", title_justify="left")
    table.add_column("")
    for title in COLUMNS.values():
        table.add_column(title, justify="right")
    by_source = {key.partition(":")[0]: counts for key, counts in found["lookups"].items()}
    _add_rows(table, "performers looked up", by_source)
    _add_rows(table, "photos", found["photos"])
    verdicts = {what.partition(":")[0] for counts in found["faces"].values() for what in counts}
    for verdict in sorted(verdicts):
        _add_rows(table, f"faces {verdict}", _of_verdict(found["faces"], f"{verdict}: "))
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


def _add_rows(table: Table, title: str, counts: Counts) -> None:
    """The sum by source in bold, and what it is made of."""
    sums = [str(sum(counts.get(source, {}).values()) or "") for source in COLUMNS]
    table.add_row(f"[bold]{title}", *(f"[bold]{text}" for text in sums))
    for what in sorted({what for each in counts.values() for what in each}):
        cells = [str(counts.get(source, {}).get(what, "")) for source in COLUMNS]
        table.add_row(f"  {what.replace('_', ' ')}", *cells)
    table.add_section()


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


def unexpected_requests(site: DemoSite, again: bool) -> list[str]:
    """Where a site's own access log is not what ``expected.json`` says, a line each.

    ``again``: after a whole run, nothing may be asked for once more.
    """
    name, asked = site.site.name, Counter(site.paths("page"))
    if again:
        repeated = [path for kind in ("page", "search", "photo") for path in site.paths(kind)]
        return [f"{name}: {path} was asked for again" for path in repeated]
    wanted = Counter(load_expected()["pages"][name])
    too_often = [
        f"{name}: {path} was asked for {n} times too often" for path, n in (asked - wanted).items()
    ]
    return too_often + [f"{name}: {path} was not asked for" for path in wanted - asked]
