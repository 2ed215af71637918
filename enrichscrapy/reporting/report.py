"""``scrapy report``: one self-contained HTML page of how things stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup
from sqlalchemy import Connection

from enrichscrapy import __version__
from enrichscrapy.database import PerformerDatabase
from enrichscrapy.items import Outcome
from enrichscrapy.reporting import charts, plots, words
from enrichscrapy.reporting.faces import ENOUGH, count_photo_outcomes
from enrichscrapy.reporting.hosts import HostReport
from enrichscrapy.reporting.pages import load_environment, make_content_policy, read_page_file
from enrichscrapy.reporting.sheet import Sheet, make_contact_sheet
from enrichscrapy.reporting.sources import Trouble, count_outcomes_by_day, list_troubles
from enrichscrapy.reporting.status import Status, read_status
from enrichscrapy.reporting.tables import describe_hard_to_tell, describe_host, describe_index

PACKAGE = "enrichscrapy.reporting"
OTHERS = 6000
"""Pictures beside those of faces that wait, unless asked otherwise: about 15 MB of page."""


@dataclass(frozen=True)
class Written:
    """Where the report is, its size in bytes and how many performers are on its sheet."""

    path: Path
    size: int
    performers: int


def write_report(
    database: PerformerDatabase,
    index_dir: Path,
    sources: Mapping[str, str | None],
    path: Path,
    *,
    revisit_after_days: float = 0.0,
    others: int = OTHERS,
) -> Written:
    """Write the page (readable by its owner only) and register it for erasure.

    ``sources`` as in :func:`read_status`. An older report is replaced only once the new one is
    whole. ``OSError`` when the file cannot be written.
    """
    status = read_status(database, index_dir, sources, revisit_after_days)
    with database.read() as connection, database.artefacts.write_private("report", path) as file:
        sheet = make_contact_sheet(connection, status.model.id if status.model else None, others)
        stream = (
            load_environment(PACKAGE)
            .get_template("report.html")
            .stream(**_gather_context(connection, status, sheet, sources))
        )
        stream.enable_buffering(64)
        stream.dump(file, encoding="utf-8")
    return Written(path.absolute(), path.stat().st_size, len(sheet.index))


def _gather_context(
    connection: Connection, status: Status, sheet: Sheet, sources: Mapping[str, str | None]
) -> dict[str, Any]:
    script = read_page_file(PACKAGE, "report.js")
    style = read_page_file(PACKAGE, "common.css") + read_page_file(PACKAGE, "report.css")
    return {
        "status": status,
        "standing": render_standing(connection, status, sources),
        "refusals": render_refusals(status.hosts, list_troubles(connection, sources), status.at),
        "sheet": sheet,
        "version": __version__,
        "enough": ENOUGH,
        "words": words,
        "hard_to_tell": describe_hard_to_tell(status.hard_to_tell),
        "json_block": embed_json,
        "script": Markup(script),  # noqa: S704  # the project's own file
        "style": Markup(style),  # noqa: S704
        "policy": make_content_policy(script, style),
    }


def render_standing(connection: Connection, status: Status, sources: Iterable[str]) -> Markup:
    """How things stand, as tables and plots: a part of a page."""
    sources = sorted(sources)
    days = count_outcomes_by_day(connection, sources)
    model_id = status.model.id if status.model else None
    part = (
        load_environment(PACKAGE)
        .get_template("standing.html")
        .render(
            status=status,
            words=words,
            index_sentence=describe_index(status.index),
            over_time=[(name, plots.plot_outcomes(days, name)) for name in sources],
            per_performer=plots.plot_faces_per_performer(status.coverage),
            distances=_plot_distances(connection, model_id),
            photos=count_photo_outcomes(connection, model_id) if model_id is not None else {},
            share_bar=charts.draw_share,
            outcome_legend=charts.draw_legend(
                {kind.value: words.OUTCOMES[kind] for kind in Outcome}
            ),
            verdict_legend=charts.draw_legend(dict(words.VERDICTS)),
        )
    )
    return Markup(part)  # noqa: S704  # escaped by the template


def render_refusals(hosts: Sequence[HostReport], troubles: Sequence[Trouble], now: float) -> Markup:
    """How the hosts receive the crawls, and why lookups failed: a part of a page."""
    part = load_environment(PACKAGE).get_template("refusals.html")
    shown = part.render(
        hosts=hosts, troubles=troubles, now=now, host_state=describe_host, words=words
    )
    return Markup(shown)  # noqa: S704  # escaped by the template


def _plot_distances(connection: Connection, model_id: int | None) -> Markup | None:
    if model_id is None:
        return None
    limits = plots.read_limits(connection, model_id)
    return plots.plot_distances(plots.count_distances(connection, model_id), limits)


def embed_json(value: Any) -> Markup:
    """JSON for a ``<script type="application/json">``: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # what could be markup was written as \u escapes


__all__ = ["OTHERS", "Trouble", "Written", "write_report"]
