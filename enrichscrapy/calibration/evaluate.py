"""How well faces are found and told apart, on a folder of known people.

``python -m enrichscrapy.calibration.evaluate DIR`` looks at every photo with the gates off and on,
by the settings in force, and compares every two faces. DIR holds one sub-folder a person, or a
``labels.csv``; where people belong to groups, each group is reported separately. With ``--plain``
the published networks look at the same photos, used plainly; with ``--model A --model B`` these
models do (as ``FACE_MODEL`` names them), for you to choose from.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import zip_longest
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from enrichscrapy.calibration.labelled import group_of, list_labelled_photos, read_photo
from enrichscrapy.calibration.lookers import Engine, Found, Looker, Plain
from enrichscrapy.calibration.verification import (
    PERCENTILES,
    Accepted,
    Estimate,
    Pairs,
    correlation,
    percentiles,
    to_own_person,
)
from enrichscrapy.exceptions import BadSetting, EnrichError
from enrichscrapy.faces.crop import measure_overlap
from enrichscrapy.faces.options import FaceOptions
from enrichscrapy.items import PhotoOutcome
from enrichscrapy.reporting.charts import Axis, Line, Panel, draw_lines
from enrichscrapy.settings_reader import read_settings

FACES = PhotoOutcome.FACES.value
FALSE_ACCEPTS = (1e-3, 1e-4)
MOST = 3000
BATCH = 16
SAME_BOX = 0.5  # intersection over union from which two boxes are one face
COLOURS = ("#1e8449", "#2471a3", "#c0392b", "#d68910", "#7d3c98", "#17a589")


@dataclass
class Run:
    """One column of the table."""

    words: str
    found: list[Found]
    pairs: Pairs
    quality: float | None = None
    """How quality goes with the distance to the own person: Pearson's r."""
    seconds: float = 0.0
    """The time for all photos."""
    groups: dict[str, Pairs] = field(default_factory=dict)
    """The faces of each group by themselves."""

    @cached_property
    def outcomes(self) -> Counter[str]:
        return Counter(each.outcome for each in self.found)

    @cached_property
    def auc(self) -> Estimate | None:
        return self.pairs.auc() if self.pairs else None

    @cached_property
    def accepted(self) -> dict[float, Accepted | None]:
        """By the share of strangers let in."""
        usable = bool(self.pairs)
        return {far: self.pairs.accepted(far) if usable else None for far in FALSE_ACCEPTS}


def evaluate(
    files: Sequence[tuple[Path, str]], lookers: Iterable[tuple[str, Looker]], console: Console
) -> tuple[list[Run], NDArray[np.int64]]:
    """Every way of looking at every photo; and whose photos they are, (n,) from 0."""
    photos, names = _read(files, console)
    number = {name: place for place, name in enumerate(sorted(set(names)))}
    owners = np.array([number[name] for name in names], np.int64)
    members = _group(names)
    runs = []
    for words, looker in lookers:
        batches = range(0, len(photos), BATCH)
        found: list[Found] = []
        started = time.perf_counter()
        for start in track(
            batches, words, console=console, transient=True, disable=not console.is_terminal
        ):
            found += looker.look(photos[start : start + BATCH])
        seconds = time.perf_counter() - started
        groups = {group: compare(found, owners, places) for group, places in members.items()}
        quality = correlate_quality(found, owners)
        runs.append(Run(words, found, compare(found, owners), quality, seconds, groups))
    return runs, owners


def _group(names: Sequence[str]) -> dict[str, list[int]]:
    """The photos of each group; of none where the folder has none."""
    members: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if group := group_of(name):
            members.setdefault(group, []).append(place)
    return members


def _read(files: Sequence[tuple[Path, str]], console: Console) -> tuple[list[bytes], list[str]]:
    photos, names = [], []
    for path, name in track(
        files, "reading", console=console, transient=True, disable=not console.is_terminal
    ):
        data = read_photo(path)
        if data is None:
            console.print(f"{path.name}: unreadable, left out", markup=False)
            continue
        photos.append(data)
        names.append(name)
    return photos, names


def compare(found: Sequence[Found], owners: NDArray[np.int64], only: Sequence[int] = ()) -> Pairs:
    """Pairs of the faces found (of the photos ``only``, when some are named)."""
    chosen = only or range(len(found))
    kept = [place for place in chosen if found[place].vector is not None]
    vectors = [vector for place in kept if (vector := found[place].vector) is not None]
    stacked = np.stack(vectors) if vectors else np.zeros((0, 1), np.float32)
    _, numbers = np.unique(owners[kept], return_inverse=True)
    return Pairs(stacked, numbers)


def correlate_quality(found: Sequence[Found], owners: NDArray[np.int64]) -> float | None:
    """The correlation of the faces' quality with their distance to their own person."""
    kept = [place for place, each in enumerate(found) if each.quality is not None]
    vectors = [vector for place in kept if (vector := found[place].vector) is not None]
    if not vectors:
        return None
    quality = np.array([found[place].quality for place in kept], np.float64)
    return correlation(quality, to_own_person(np.stack(vectors), owners[kept]))


def match_photos(one: Run, other: Run) -> list[int]:
    """Photos in which both found the same face."""
    return [
        place
        for place, (a, b) in enumerate(zip(one.found, other.found, strict=True))
        if a.box is not None and b.box is not None and measure_overlap(a.box, b.box) >= SAME_BOX
    ]


# --- Report ----------------------------------------------------------------------------------


def format_table(runs: Sequence[Run]) -> Table:
    """A column for every way of looking."""
    reasons = sorted({name for run in runs for name in run.outcomes} - {FACES})
    columns = [_format_cells(run, reasons) for run in runs]
    table = Table(title=f"{len(runs[0].found):,} photos of {runs[0].pairs.people:,} people")
    table.add_column()
    for run in runs:
        table.add_column(run.words, justify="right", no_wrap=True)
    for words in columns[0]:
        table.add_row(words, *(column[words] for column in columns))
    return table


def _format_cells(run: Run, reasons: Sequence[str]) -> dict[str, str]:
    """One column of the table, by the words of its rows."""
    cells = {
        "faces found": f"{run.outcomes[FACES]:,}",
        "photos missed": f"{len(run.found) - run.outcomes[FACES]:,}",
        "photos a second": f"{len(run.found) / run.seconds:.1f}" if run.seconds else "",
        "quality and distance, r": "" if run.quality is None else f"{run.quality:.2f}",
        **{f"  {name.replace('_', ' ')}": f"{run.outcomes[name]:,}" for name in reasons},
        "pairs, same person": f"{len(run.pairs.same):,}",
        "pairs, different": f"{len(run.pairs.different):,}",
        "ROC AUC": _format_figure(run.auc, 1, 5),
        "  95 % bounds of it": _format_bounds(run.auc, 1, 5),
    }
    for wanted, accepted in run.accepted.items():
        share, limit = (accepted.share, accepted.threshold) if accepted else (None, None)
        cells |= {
            f"accepted, %, at {wanted:g}": _format_figure(share, 100, 1),
            f"  bounds at {wanted:g}": _format_bounds(share, 100, 1),
            f"  distance at {wanted:g}": "" if limit is None else f"{limit:.3f}",
        }
    for group, pairs in run.groups.items():
        cells[f"{group}: {pairs.people:,} people, AUC"] = _format_figure(
            pairs.auc() if pairs else None, 1, 5
        )
        for wanted in FALSE_ACCEPTS:
            accepted = pairs.accepted(wanted) if pairs else None
            cells[f"  accepted, %, at {wanted:g} in {group}"] = _format_figure(
                accepted.share if accepted else None, 100, 1
            )
    for who, gaps in (("same", run.pairs.same), ("others", run.pairs.different)):
        values = percentiles(gaps) if len(gaps) else ()
        for percent, value in zip_longest(PERCENTILES, values):
            words = f"{percent} % of {who} within"
            cells[words] = "" if value is None else f"{value:.3f}"
    return cells


def _format_figure(estimate: Estimate | None, times: float, digits: int) -> str:
    return f"{times * estimate.value:.{digits}f}" if estimate else "too few pairs"


def _format_bounds(estimate: Estimate | None, times: float, digits: int) -> str:
    if estimate is None:
        return ""
    return f"{times * estimate.low:.{digits}f}-{times * estimate.high:.{digits}f}"


def compare_runs(ours: Run, plain: Run, owners: NDArray[np.int64]) -> str:
    """Both over the faces that both find."""
    both = match_photos(ours, plain)
    if not both:
        return "No face was found by both."
    pairs = [compare(run.found, owners, both) for run in (ours, plain)]
    if not all(pairs):
        return "The faces found by both leave nothing to compare."
    aucs = [each.auc() for each in pairs]
    words = ", ".join(
        f"{run.words} {_format_figure(auc, 1, 5)} ({_format_bounds(auc, 1, 5)})"
        for run, auc in zip((ours, plain), aucs, strict=True)
    )
    return f"ROC AUC over the {len(both):,} faces that both find: {words}."


def draw_roc(runs: Sequence[Run]) -> str:
    """ROC curves (false accepts on a logarithmic scale) and distances, as SVG."""
    usable = [run for run in runs if run.pairs]
    curves, distances = [], []
    for run, colour in zip(usable, COLOURS, strict=False):
        false, true = run.pairs.roc()
        curves.append(Line(colour, list(zip(false, true, strict=True))))
        for pairs, two_people in ((run.pairs.same, False), (run.pairs.different, True)):
            shares, edges = np.histogram(pairs, np.arange(0, 1.51, 0.03))
            points = list(zip(edges[:-1] + 0.015, 100 * shares / len(pairs), strict=True))
            distances.append(Line(colour, points, dashed=two_people))
    powers = Axis(1e-5, 1, {10.0**power: f"{10.0**power:g}" for power in range(-5, 1)}, log=True)
    parts = Axis(0, 1, {each / 5: f"{each / 5:.1f}" for each in range(6)})
    top = max((share for line in distances for _, share in line.points), default=1.0)
    return draw_lines(
        [
            Panel("true accepts by false accepts", powers, parts, curves),
            Panel(
                "pairs by distance (1 - cosine), %; dashed: two people",
                Axis(0, 1.5, {each / 4: f"{each / 4:g}" for each in range(7)}),
                Axis(0, top, {0: "0", top: f"{top:.0f}"}),
                distances,
            ),
        ],
        [(run.words, line.colour) for run, line in zip(usable, curves, strict=False)],
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m enrichscrapy.calibration.evaluate", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="one sub-folder a person")
    parser.add_argument(
        "--model",
        action="append",
        default=[],
        help="a class or a model card, as FACE_MODEL names it; give it several times to compare",
    )
    parser.add_argument("--plain", action="store_true", help="facenet-pytorch used plainly as well")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("evaluation.svg"), help="the plot"
    )
    parser.add_argument("--most", type=int, default=MOST, help=f"photos at most ({MOST})")
    chosen = parser.parse_args(arguments)
    try:
        _run(chosen, Console())
    except (EnrichError, OSError) as error:
        print(f"evaluate: {error}", file=sys.stderr)
        return 2 if isinstance(error, BadSetting) else 1
    return 0


def _run(chosen: argparse.Namespace, console: Console) -> None:
    files = list_labelled_photos(chosen.folder)
    if len(files) > chosen.most:
        console.print(f"{len(files):,} photos: the first {chosen.most:,} of them are looked at")
    options = FaceOptions.from_settings(read_settings({}))
    runs, owners = evaluate(files[: chosen.most], _ways(chosen, options), console)
    console.print(format_table(runs))
    if chosen.plain:
        console.print(compare_runs(runs[0], runs[-1], owners), markup=False)
    chosen.output.write_text(draw_roc(runs), encoding="utf-8")
    console.print(f"{chosen.output}: the plot", markup=False)


def _ways(chosen: argparse.Namespace, options: FaceOptions) -> Iterator[tuple[str, Looker]]:
    """One after the other, so that only one is loaded at a time."""
    for model in chosen.model:
        yield name_model(model), Engine(replace(options, model=model).open_gates())
    if not chosen.model:
        yield "gates off", Engine(options.open_gates())
        yield "gates on", Engine(options)
    if chosen.plain:
        yield "facenet-pytorch", Plain(options)


def name_model(model: str) -> str:
    """The card's or the class's own name."""
    return Path(model).stem if model.endswith(".toml") else model.rpartition(".")[2]


if __name__ == "__main__":
    sys.exit(main())
