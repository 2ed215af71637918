"""Who gets in, who is kept out: ``python -m benchmarks.verdicts [--faces DIR | --vectors FILE]``.

Simulates enrichment on faces of known people: performers with 0, 1, 3 and 5 trusted faces;
profiles of 1 to 8 photos; right pages, pages with strangers mixed in, pages with low-quality
copies, wrong pages. The same lookups are judged by these rules and by those the project grew out
of. The people are split in two: on the one half nothing is reported, it is there for tuning.

Without photos of your own it runs on made-up people (see ``_synthetic.py``), many populations of
them, which shows that the rules do what they should, and not how they do on yours. ``made_up.py``
tells how like real photographs their distances are. The fewer people an index holds, the less it
tells of a stranger (``--size 48``), and the more right faces wait for a person.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from benchmarks._synthetic import make_people
from benchmarks.seed_rules import seed_rules
from enrichscrapy.calibration import (
    SIZES,
    Cases,
    Page,
    People,
    SimulatedLookup,
    Tally,
    draw_lookups,
    fitted,
    judge_lookups,
    pooled,
    propose,
    read_photos,
    run_trials,
)
from enrichscrapy.items import Identity, Verdict
from enrichscrapy.verdicts import Thresholds, judge

TRUSTED = (0, 1, 3, 5)
MADE_UP = 240
TARGET_RIGHT, TARGET_STRANGERS, TARGET_QUARANTINED = 0.97, 0.0002, 0.03


def main() -> None:
    args = _arguments()
    populations, words = _populations(args)
    chosen = [_part(people, args.people, args.seed) for people in populations]
    faces, number = sum(len(people) for people in chosen), sum(len(each.ids) for each in chosen)
    print(words)
    print(f"Judged: {faces:,} faces of {number} people ({args.people}).")
    counts = {count: args.trials if count == 3 else -(-args.trials // 4) for count in args.trusted}
    drawn = [
        lookup
        for number, people in enumerate(chosen)
        for lookup in draw_lookups(people, counts, seed=args.seed + number)
    ]
    started = time.perf_counter()
    cases = judge_lookups(drawn, judge, Thresholds(), trust=args.trust)
    each = (time.perf_counter() - started) / max(len(drawn), 1)
    print(f"{len(drawn):,} lookups, {1000 * each:.2f} ms each. Trust {args.trust}; identity of the")
    print("pages uncorroborated. Bounds are 95 %; lookups share people, so they prove less.")
    _show("These rules", cases, by_size=True)
    _targets(cases)
    if args.calibrate:
        _calibrated(_part(populations[0], "tune", args.seed), drawn, args)
    _newcomers(drawn, args.trust)
    for trust in ("high", "medium"):
        _show(
            f"The older rules, trust {trust}",
            judge_lookups(drawn, seed_rules, Thresholds(), trust=trust),
        )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--faces", metavar="DIR", help="labelled photos (labels.csv or sub-folders)"
    )
    source.add_argument("--vectors", metavar="FILE", help=".npz with vectors, labels, quality")
    parser.add_argument(
        "--trials", type=int, default=50, help="lookups of each kind and size, a population"
    )
    parser.add_argument("--populations", type=int, default=32, help="of made-up people")
    parser.add_argument("--size", type=int, default=MADE_UP, help="people in each of them")
    parser.add_argument(
        "--trusted", type=int, nargs="+", default=TRUSTED, help="numbers of trusted faces"
    )
    parser.add_argument("--trust", default="high", choices=("high", "medium", "low"))
    parser.add_argument("--people", default="test", choices=("test", "tune", "all"))
    # The thresholds were chosen on populations of smaller seeds.
    parser.add_argument("--seed", type=int, default=1_000_000)
    parser.add_argument(
        "--calibrate", action="store_true", help="also with thresholds from the tuning half"
    )
    return parser.parse_args()


def _part(people: People, name: str, seed: int) -> People:
    tuning, testing = people.halves(seed)
    return {"tune": tuning, "test": testing, "all": people}[name]


def _populations(args: argparse.Namespace) -> tuple[list[People], str]:
    """Photos of one's own are one population; of made-up people there are several, because the
    lookalikes among a few hundred people differ too much from one draw to the next."""
    if args.faces:
        people, words = _from_photos(Path(args.faces))
        return [people], words
    if args.vectors:
        with np.load(args.vectors) as stored:
            labels = stored["persons" if "persons" in stored else "labels"]
            vectors = stored["vectors"].astype(np.float64)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            quality = stored["quality"] if "quality" in stored else np.ones(len(labels))
        owners = np.unique(labels, return_inverse=True)[1].astype(np.int64)
        people = People(vectors, owners, np.asarray(quality, np.float64))
        return [people], f"Vectors: {args.vectors}"
    made = [make_people(args.size, 14, args.seed + number) for number in range(args.populations)]
    words = f"Made-up people ({args.populations} times {args.size}): distances like those of varied"
    return [
        People(people.vectors, people.owners + number * args.size, people.quality)
        for number, people in enumerate(made)
    ], f"{words} photographs, nobody's faces."


def _from_photos(directory: Path) -> tuple[People, str]:
    from enrichscrapy.calibration.labelled import labelled_photos
    from enrichscrapy.faces.engine import FaceEngine, FaceOptions
    from enrichscrapy.settings_reader import read_settings

    files = labelled_photos(directory)
    engine = FaceEngine(FaceOptions.from_settings(read_settings({})).without_gates())
    people, counts = read_photos(files, engine)
    told = ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)
    return people, f"Photos: {directory} ({told}), model {engine.info.name}"


def _show(title: str, cases: Cases, *, by_size: bool = False) -> None:
    """One line a case: right faces accepted and waiting, strangers accepted, in per cent."""
    print(f"\n{title}")
    for count in sorted({count for count, _, _ in cases}):
        print(f"  {count} trusted face{'' if count == 1 else 's'}")
        for page in Page:
            _row(page.value, pooled(cases, {count}, {page}))
    for size in SIZES if by_size and any(count == 3 for count, _, _ in cases) else ():
        print(f"  3 trusted faces, {size} photo{'' if size == 1 else 's'} on the page")
        for page in (Page.RIGHT, Page.MIXED, Page.WRONG):
            _row(page.value, pooled(cases, {3}, {page}, {size}))


def _row(words: str, tally: Tally) -> None:
    if not tally.pages:
        return
    parts = []
    if tally.right.total():
        parts.append(f"right accepted {tally.right_rate(Verdict.ACCEPTED)}")
        parts.append(f"quarantined {tally.right_rate(Verdict.QUARANTINED)}")
    if tally.strangers.total():
        parts.append(f"strangers accepted {tally.stranger_rate(Verdict.ACCEPTED)}")
        parts.append(f"by {tally.pages_with_strangers:,} of {tally.pages:,} pages")
    for number, part in enumerate(parts):
        print(f"    {words if not number else '':<28}{part}")


def _targets(cases: Cases) -> None:
    """The bars with three trusted faces; twins are apart, since a copy adds nothing."""
    tally = pooled(cases, {3}, {Page.RIGHT, Page.MIXED, Page.WRONG})
    if not tally.pages:
        return
    right, strangers = tally.right_rate(Verdict.ACCEPTED), tally.stranger_rate(Verdict.ACCEPTED)
    waiting = tally.right_rate(Verdict.QUARANTINED)
    wrong = pooled(cases, {3}, {Page.WRONG})
    print("\nBars with three trusted faces")
    for words, rate, met in (
        (f"right accepted, at least {TARGET_RIGHT:.0%}", right, right.value >= TARGET_RIGHT),
        ("strangers accepted, at most 0.02 %", strangers, strangers.value <= TARGET_STRANGERS),
        ("right quarantined, at most 3 %", waiting, waiting.value <= TARGET_QUARANTINED),
        ("wrong pages that added a face: none", wrong.let_in, not wrong.pages_with_strangers),
    ):
        print(f"  {'met  ' if met else 'MISSED'} {words}: {rate}")
    print(f"  strangers let in were {len(tally.pairs)} pairs of people")


def _newcomers(drawn: Iterable[SimulatedLookup], trust: str) -> None:
    """Performers without faces: nothing may be accepted from a single uncorroborated photo."""
    alone = [
        lookup
        for lookup in drawn
        if lookup.trusted == 0 and lookup.size == 1 and lookup.page is not Page.MIXED
    ]
    if not alone:
        return
    print("\nWithout any face, pages with a single picture (or one and its blurred copy)")
    for identity in (Identity.UNCORROBORATED, Identity.CONFIRMED):
        cases = judge_lookups(alone, judge, Thresholds(), trust=trust, identity=identity)
        for page in (Page.RIGHT, Page.TWINS, Page.WRONG):
            tally = pooled(cases, {0}, {page})
            taken = tally.right_rate(Verdict.ACCEPTED).hits
            taken += tally.stranger_rate(Verdict.ACCEPTED).hits
            print(
                f"  {identity.value:<15}{page.value:<28}{taken} faces accepted, {tally.pages} pages"
            )


def _calibrated(tuning: People, drawn: list[SimulatedLookup], args: argparse.Namespace) -> None:
    base = fitted(Thresholds(), run_trials(tuning, Thresholds()))
    proposal = propose(run_trials(tuning, base), base, 2 * TARGET_STRANGERS)
    if proposal.thresholds is None:
        print(f"\nNot calibrated on the tuning half: {proposal.why}")
        return
    cases = judge_lookups(drawn, judge, proposal.thresholds, trust=args.trust)
    _show("These rules, calibrated on the tuning half", cases)
    _targets(cases)


if __name__ == "__main__":
    main()
