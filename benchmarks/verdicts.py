"""Who gets in, who is kept out: ``python -m benchmarks.verdicts [--faces DIR | --vectors FILE]``.

Simulates enrichment on faces of known people: performers with trusted faces; profiles of 1 to 8
photos; right pages, pages with strangers mixed in, wrong pages. Each group of people is judged by
itself, and the worst one is told first and counts: the exit code is 1 where a bar is missed.

``--index FILE`` names people who are only in the index. Of a large file, those whom the network
hardly tells apart are a group of their own, and everybody is judged by a background model made
without them (``_real.py``); a small one is judged as it is. Without vectors or photos of your own
it runs on made-up people (``made_up.py``), groups of unequal density in one index, which shows that
the rules do what they should, and not how they do on yours.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import _real
from benchmarks._vectors import read_vectors
from benchmarks.made_up import Kind, Measured, population
from benchmarks.seed_rules import seed_rules
from enrichscrapy.calibration.lookups import (
    SIZES,
    Cases,
    Page,
    Tally,
    draw_lookups,
    judge_lookups,
    pool_cases,
)
from enrichscrapy.calibration.people import People, read_photos
from enrichscrapy.calibration.rates import Rate
from enrichscrapy.items import Identity, Verdict
from enrichscrapy.verdicts import Thresholds, judge

TRUSTED = 3
PHOTOS = 14
PAGES = (Page.RIGHT, Page.MIXED, Page.WRONG)
TARGET_RIGHT, TARGET_STRANGERS, TARGET_QUARANTINED = 0.975, 0.0002, 0.03
_JUDGES = {"these": judge, "older": seed_rules}


@dataclass(frozen=True)
class Bars:
    """The most strangers let in, the least right faces, the most wrong pages that add a face;
    None where nothing is asked."""

    strangers: float | None
    right: float | None
    wrong: float | None


BARS = {
    Kind.ORDINARY: Bars(TARGET_STRANGERS, TARGET_RIGHT, 1 / 2000),
    Kind.DENSE: Bars(0.0005, None, 1 / 2000),
    Kind.UNTUNED: Bars(0.005, None, 1 / 200),
    Kind.ABSENT: Bars(None, None, None),
}


@dataclass(frozen=True)
class Told:
    """What one group's lookups came to; ``words`` say how they were made."""

    name: str
    kind: Kind
    cases: Cases
    words: str

    def against_bars(self, trusted: int) -> Iterator[tuple[str, Rate, float | None, float]]:
        """Each figure with its bar, and how many times as bad as the bar it is."""
        tally = pool_cases(self.cases, {trusted}, PAGES)
        wrong = pool_cases(self.cases, {trusted}, {Page.WRONG})
        bars = BARS[self.kind]
        right = tally.right_rate(Verdict.ACCEPTED)
        strangers = tally.stranger_rate(Verdict.ACCEPTED)
        asked = bars.right if trusted >= TRUSTED else None
        yield "right faces in", right, asked, (1 - right.value) / (1 - (asked or TARGET_RIGHT))
        for words, rate, bar in (
            ("strangers in", strangers, bars.strangers),
            ("wrong pages that added a face", wrong.let_in, bars.wrong),
        ):
            yield words, rate, bar, rate.value / (bar or TARGET_STRANGERS)

    def badness(self, trusted: int) -> float:
        """By how much the worst figure misses its bar: above 1 it does."""
        return max(
            (times for _, rate, bar, times in self.against_bars(trusted) if rate.trials and bar),
            default=0.0,
        )


def main() -> int:
    args = _arguments()
    with TemporaryDirectory() as folder:
        groups, thresholds, words = _groups(args, Path(folder))
        print(words)
        names = list(dict.fromkeys(group.name for group in groups))
        told = [
            _judged([group for group in groups if group.name == name], thresholds, args)
            for name in names
        ]
    trusted = max(args.trusted)
    told.sort(key=lambda one: -one.badness(trusted))
    print(f"Worst group first, {trusted} trusted faces. Bounds are 95 %, and lookups share people.")
    for one in told:
        _summary(one, trusted)
    for one in told:
        print(f"\n=== {one.name} ({one.kind}): {one.words}")
        _show(one.cases, by_size=args.by_size)
    met = all(one.badness(trusted) <= 1 for one in told)
    print(f"\nAll bars {'met' if met else 'not met: MISSED'}.")
    return 0 if met else 1


def _judged(groups: Sequence[Measured], thresholds: Thresholds, args: argparse.Namespace) -> Told:
    """``groups`` are the same kind of people, drawn several times."""
    started = time.perf_counter()
    cases: dict[tuple[int, Page, int], Tally] = {}
    lookups = -(-args.trials // len(groups))
    for number, group in enumerate(groups):
        rules = replace(thresholds, background=group.background or thresholds.background)
        drawn = draw_lookups(
            group.people,
            dict.fromkeys(args.trusted, lookups),
            pages=PAGES,
            seed=args.seed + number,
            index=group.index,
        )
        found = judge_lookups(
            drawn,
            _JUDGES[args.rules],
            rules,
            trust=args.trust,
            identity=Identity(args.identity),
            weak=args.weak,
        )
        for key, tally in found.items():
            cases.setdefault(key, Tally()).add(tally)
    pages = sum(tally.pages for tally in cases.values())
    size = sum(tally.index_size for tally in cases.values()) / max(pages, 1)
    took = time.perf_counter() - started
    words = f"{pages:,} lookups, {size:,.0f} faces in the index, {took:.0f} s"
    return Told(groups[0].name, groups[0].kind, cases, words)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--faces", metavar="DIR", help="labelled photos (labels.csv or sub-folders)"
    )
    source.add_argument("--vectors", metavar="FILE", help=".npz with vectors, labels, quality")
    parser.add_argument("--index", metavar="FILE", help=".npz of people who are only in the index")
    parser.add_argument(
        "--index-faces", type=int, metavar="N", help="no more than so many of their faces"
    )
    parser.add_argument(
        "--known", type=int, metavar="N", help="people of the group in the index; default: half"
    )
    parser.add_argument(
        "--weak", action="store_true", help="the database says that the model is weak on them"
    )
    parser.add_argument(
        "--trials", type=int, default=200, help="lookups of each kind and size, a group"
    )
    parser.add_argument("--populations", type=int, default=4, help="of made-up people")
    parser.add_argument(
        "--trusted", type=int, nargs="+", default=[TRUSTED], help="numbers of trusted faces"
    )
    parser.add_argument("--trust", default="high", choices=("high", "medium", "low"))
    parser.add_argument(
        "--identity", default="uncorroborated", choices=("uncorroborated", "confirmed")
    )
    parser.add_argument("--people", default="tune", choices=tuple(_real.PARTS))
    # The thresholds were chosen on populations of smaller seeds.
    parser.add_argument("--seed", type=int, default=1_000_000)
    parser.add_argument("--caution", type=float, default=1.0, help="FACE_CAUTION")
    parser.add_argument("--by-size", action="store_true", help="also by photos on the page")
    parser.add_argument("--rules", default="these", choices=tuple(_JUDGES))
    return parser.parse_args()


def _groups(args: argparse.Namespace, folder: Path) -> tuple[list[Measured], Thresholds, str]:
    """Of made-up people several populations, because the lookalikes among a few hundred people
    differ too much from one draw to the next; real people are one."""
    rules = Thresholds(caution=args.caution)
    if args.faces or args.vectors:
        people, words = (
            _from_photos(Path(args.faces))
            if args.faces
            else (read_vectors(Path(args.vectors)), f"Vectors: {args.vectors}")
        )
        around = read_vectors(Path(args.index)) if args.index else None
        asked = _real.Asked(args.people, around, args.index_faces, args.known, args.weak)
        return list(_real.groups(people, asked, folder)), rules, words
    made = [
        group
        for number in range(args.populations)
        for group in population(PHOTOS, args.seed + number, folder)
    ]
    words = f"Made-up people ({args.populations} populations): distances like those of real"
    return made, rules, f"{words} photographs, nobody's faces."


def _from_photos(directory: Path) -> tuple[People, str]:
    from enrichscrapy.calibration.labelled import list_labelled_photos
    from enrichscrapy.faces.engine import FaceEngine, FaceOptions
    from enrichscrapy.settings_reader import read_settings

    files = list_labelled_photos(directory)
    engine = FaceEngine(FaceOptions.from_settings(read_settings({})).open_gates())
    people, counts = read_photos(files, engine)
    told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)
    return people, f"Photos: {directory} ({told}), model {engine.info.name}"


def _summary(told: Told, trusted: int) -> None:
    """One line a figure: what it is, and whether its bar is met."""
    print(f"  {told.name} ({told.kind})")
    for words, rate, bar, times in told.against_bars(trusted):
        if not rate.trials:
            continue
        verdict = "" if bar is None else "met" if times <= 1 else "MISSED"
        asked = "" if bar is None else f" (bar {100 * bar:g} %)"
        print(f"    {verdict:<6} {words}{asked}: {rate}")


def _show(cases: Cases, *, by_size: bool = False) -> None:
    """One line a case: right faces accepted and waiting, strangers accepted, in per cent."""
    for count in sorted({count for count, _, _ in cases}):
        faces = f"{count} trusted face{'' if count == 1 else 's'}"
        print(f"  {faces}")
        for page in Page:
            _row(page.value, pool_cases(cases, {count}, {page}))
        for size in SIZES if by_size else ():
            print(f"  {faces}, {size} photo{'' if size == 1 else 's'} on the page")
            for page in PAGES:
                _row(page.value, pool_cases(cases, {count}, {page}, {size}))


def _row(words: str, tally: Tally) -> None:
    if not tally.pages:
        return
    parts = []
    if tally.right.total():
        parts.append(f"right accepted {tally.right_rate(Verdict.ACCEPTED)}")
        parts.append(f"quarantined {tally.right_rate(Verdict.QUARANTINED)}")
        parts.append(f"performers with faces that wait as people are not told apart {tally.held}")
    if tally.strangers.total():
        parts.append(f"strangers accepted {tally.stranger_rate(Verdict.ACCEPTED)}")
        parts.append(
            f"{len(tally.pairs)} pairs of people, {tally.pages_with_strangers:,} of"
            f" {tally.pages:,} pages"
        )
    for number, part in enumerate(parts):
        print(f"    {words if not number else '':<28}{part}")


if __name__ == "__main__":
    sys.exit(main())
