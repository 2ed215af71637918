"""Does one stranger open the door to others? ``python -m benchmarks.histories``.

Performers with one or three photos of the user's own are looked up on three sources, one after the
other. Each page shows five photos of theirs and two of a lookalike, the same one each time: one of
the six people nearest to them. What is accepted stays and may be a reference on the next page. If
accepted faces opened the door, the third page would let in more strangers than the first.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks._synthetic import make_people
from benchmarks.seed_rules import seed_rules
from enrichscrapy.calibration.lookups import find_neighbours, make_candidate, make_reference
from enrichscrapy.calibration.people import People
from enrichscrapy.calibration.rates import Rate
from enrichscrapy.calibration.trials import Rows, draw_index
from enrichscrapy.items import Identity, Judgement, Verdict
from enrichscrapy.verdicts import (
    Candidate,
    Context,
    Limits,
    Reference,
    Rules,
    Thresholds,
    judge,
)
from enrichscrapy.verdicts.evidence import centroid, stack

SOURCES = ("first", "second", "third")
OWN, THEIRS = 5, 2  # photos on a page: the performer's, the lookalike's
LOOKALIKES = 6
LIMITS = Limits(per_source=5, total=20)
Counts = NDArray[np.int64]
Pages = Sequence[tuple[tuple[Candidate, ...], tuple[bool, ...]]]


def histories(
    people: People, trusted: int, count: int, seed: int
) -> Iterator[tuple[list[Reference], Rows, Pages]]:
    """``count`` performers: their own faces, the rest of the index, and the pages to come."""
    rng = np.random.default_rng([seed, trusted])
    nearest = _lookalikes(people)
    for _ in range(count):
        owner = int(rng.choice(people.ids))
        other = int(rng.choice(nearest[owner]))
        mine, theirs = rng.permutation(people.of(owner)), rng.permutation(people.of(other))
        rest = [known for known in people.ids if known not in (owner, other)]
        index = draw_index(people, rest, rng)
        pages = []
        for number in range(len(SOURCES)):
            first = trusted + OWN * number
            rows = [
                *mine[first : first + OWN],
                *theirs[THEIRS * number : THEIRS * (number + 1)],
            ]
            shown = tuple(make_candidate(people, row) for row in rows)
            pages.append((shown, tuple(bool(people.owners[row] == owner) for row in rows)))
        own = [make_reference(people, row) for row in mine[:trusted]]
        yield own, index, pages


def _lookalikes(people: People) -> dict[int, list[int]]:
    """The people whose mean faces are nearest to each person's."""
    means = np.stack([people.vectors[people.of(owner)].mean(axis=0) for owner in people.ids])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    order = np.argsort(-means @ means.T, axis=1)[:, 1 : 1 + LOOKALIKES]
    return {
        owner: [people.ids[place] for place in row]
        for owner, row in zip(people.ids, order, strict=True)
    }


def let_in(people: People, rules: Rules, trust: str, trusted: int, count: int, seed: int) -> Counts:
    """By page: (right accepted, right shown, strangers accepted, strangers shown)."""
    counts = np.zeros((len(SOURCES), 4), dtype=np.int64)
    for faces, index, pages in histories(people, trusted, count, seed):
        for place, (source, (shown, right)) in enumerate(zip(SOURCES, pages, strict=True)):
            mean = centroid(stack([face.vector for face in faces if face.trusted]))[0]
            vectors = [*(candidate.vector for candidate in shown), mean.astype(np.float32)]
            *near, around = find_neighbours(people, index, None, vectors)
            context = Context(source, trust, Identity.UNCORROBORATED, len(index), around)
            judged = rules(shown, faces, near, context, Thresholds(), LIMITS)
            faces = _after(faces, source, shown, judged)
            for own, decision in zip(right, judged.decisions, strict=True):
                # A face that makes room for a better one was told right.
                good = decision.verdict in (Verdict.ACCEPTED, Verdict.RETIRED)
                counts[place, 0 if own else 2] += good
                counts[place, 1 if own else 3] += 1
    return counts


def _after(
    faces: Sequence[Reference], source: str, shown: Sequence[Candidate], judged: Judgement
) -> list[Reference]:
    """The performer's accepted faces once the lookup is stored."""
    gone = {face_id for face_id, _ in judged.retire}
    kept = [
        replace(face, trusted=True, earned=True) if face.face_id in judged.confirm else face
        for face in faces
        if face.face_id not in gone
    ]
    first = 1 + max((face.face_id for face in faces), default=0)
    return kept + [
        Reference(
            first + number,
            candidate.vector,
            decision.trusted,
            candidate.quality,
            source,
            earned=True,
        )
        for number, (candidate, decision) in enumerate(zip(shown, judged.decisions, strict=True))
        if decision.verdict is Verdict.ACCEPTED
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--populations", type=int, default=8, help="of 120 made-up people")
    parser.add_argument("--performers", type=int, default=100, help="in each population")
    parser.add_argument("--seed", type=int, default=900_000)
    args = parser.parse_args()
    photos = 3 + len(SOURCES) * OWN
    everybody = [make_people(120, photos, args.seed + n) for n in range(args.populations)]
    print(f"{args.populations * args.performers:,} performers, made-up people; bounds are 95 %")
    for title, rules, trust in (
        ("These rules, trust high", judge, "high"),
        ("The older rules, trust medium", seed_rules, "medium"),
    ):
        print(f"\n{title}")
        for trusted in (1, 3):
            counts = sum(
                let_in(people, rules, trust, trusted, args.performers, args.seed + number)
                for number, people in enumerate(everybody)
            )
            for source, row in zip(SOURCES, np.asarray(counts).tolist(), strict=True):
                print(f"  {trusted} own, {source} page: right accepted {Rate(*row[:2])}")
                print(f"{'':<23}lookalikes accepted {Rate(*row[2:])}")


if __name__ == "__main__":
    main()
