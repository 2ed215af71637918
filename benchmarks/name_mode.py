"""Whose pages does name mode find? ``python -m benchmarks.name_mode``.

Performers of a made-up database of 100,000 are looked up by name on a site that has pages of half
of them and of others (``_names.py``), with the plan and the decisions of a crawl, in two worlds:
one in which names are shared by chance only, and one in which a quarter of the people have taken
somebody else's name. The same lookups are decided by the rules before (what support there is
confirms, however common the name; photos that agree are accepted), and what the new ones cost in
right pages is printed beside what they save.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks._names import PHOTOS, World, make_world
from benchmarks._synthetic import make_people
from enrichscrapy.calibration.lookups import make_candidate
from enrichscrapy.calibration.people import People
from enrichscrapy.calibration.rates import Rate
from enrichscrapy.calibration.trials import Rows, draw_index
from enrichscrapy.facts.names import make_name_key, split_name
from enrichscrapy.identity.decide import IdentityDecision, identify, rank_search_results
from enrichscrapy.identity.evidence import make_bearer
from enrichscrapy.identity.rarity import Bearer, Population, Shared
from enrichscrapy.items import (
    Identity,
    Neighbour,
    Outcome,
    Performer,
    Profile,
    Vector,
    Verdict,
)
from enrichscrapy.lookups.plan import PageReport, StepKind, conclude, plan_by_name
from enrichscrapy.sites import SearchResult, babepedia
from enrichscrapy.verdicts import Context, Limits, Thresholds, judge

MAX_CANDIDATES, MAX_RESULTS = 4, 40
ENOUGH, LIMITS, PEOPLE, NEIGHBOURS = 3, Limits(5, 20), 240, 40
WORLDS = {"mild: names shared by chance": 0.0, "a quarter of the names taken": 0.25}


class Unconcerned(Population):
    """The rules before: nobody else is expected, whatever the name."""

    def expect_strangers(self, shared: Shared, own: Bearer | None = None) -> float:
        return 0.0


@dataclass
class Found:
    """A page that a lookup ended with; ``right`` is whether it is the performer's."""

    performer: Performer
    page: int
    identity: Identity
    proofs: int
    right: bool


@dataclass
class Site:
    """The site of a world, as far as a lookup sees it."""

    world: World
    by_url: dict[str, int] = field(default_factory=dict)
    by_word: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for place, page in enumerate(self.world.pages):
            self.by_url[page.url] = place
            for word in {word for name in (page.name, *page.aliases) for word in split_name(name)}:
                self.by_word[word].append(place)

    def search(self, text: str) -> list[SearchResult]:
        """Pages with all of these words, those with the very name first."""
        words = [self.by_word.get(word, []) for word in split_name(text)]
        if not words:
            return []
        rarest = min(words, key=len)
        others = [set(places) for places in words if places is not rarest]
        places = [place for place in rarest if all(place in other for other in others)]
        pages = [self.world.pages[place] for place in places]
        pages.sort(key=lambda page: make_name_key(page.name) != make_name_key(text))
        return [SearchResult(p.name, p.url, p.aliases) for p in pages[:MAX_RESULTS]]


def decide(
    performer: Performer, page: Profile, population: Population, rivals: int | None
) -> IdentityDecision:
    decision = identify(performer, page, by_link=False, rivals=rivals, population=population)
    lone = len(split_name(decision.evidence["name"]["ours"])) < 2
    support = set(decision.evidence["supports"])
    unsupported = isinstance(population, Unconcerned) and lone and support <= {"country"}
    if unsupported and not decision.evidence["proofs"]:  # as the rules before did
        return replace(decision, identity=Identity.MISMATCH)
    return decision


def look_up(performer: Performer, site: Site, population: Population) -> Found | None:
    """One lookup in name mode, as the spider and stage 100 do it."""
    plan = plan_by_name(performer, babepedia, MAX_CANDIDATES)
    while (step := plan.take_step()) is not None:
        if step.kind is StepKind.SEARCH:
            ranked = rank_search_results(performer, site.search(step.text))
            plan.add_candidates(result.url for result in ranked)
        elif (place := site.by_url.get(step.url)) is None:
            plan.add_report(PageReport(step.url, Outcome.ABSENT, name=step.text))
        else:
            page = site.world.pages[place]
            decision = decide(performer, page, population, None)
            fits = decision.identity is not Identity.MISMATCH
            plan.add_report(
                PageReport(
                    step.url,
                    Outcome.FOUND if fits else Outcome.MISMATCH,
                    name=step.text,
                    identity=decision.identity,
                    profile=page,
                    evidence=decision.evidence,
                )
            )
    end = conclude(plan)
    if end.outcome is not Outcome.FOUND or end.page is None or end.page.profile is None:
        return None
    decision = decide(performer, end.page.profile, population, end.rivals)
    if decision.identity is Identity.MISMATCH:
        return None
    place = site.by_url[end.page.profile.url]
    right = site.world.owners[place] == performer.id - 1
    proofs = len(decision.evidence["proofs"])
    return Found(performer, place, decision.identity, proofs, right)


def without_contested(found: Iterable[Found], world: World, population: Population) -> list[Found]:
    """One page, one performer: whoever else of the database has one of the page's names is looked
    up in the end, and claims it too."""
    bearers: dict[str, list[Performer]] = defaultdict(list)
    for performer in world.performers:
        for name in {
            make_name_key(each) for each in (performer.canonical_name, *performer.aliases)
        }:
            bearers[name].append(performer)
    kept = []
    for each in found:
        page = world.pages[each.page]
        names = {make_name_key(name) for name in (page.name, *page.aliases)}
        rivals = {rival.id: rival for name in names for rival in bearers.get(name, ())}
        rivals.pop(each.performer.id, None)
        claims = [decide(rival, page, population, 0) for rival in rivals.values()]
        proofs = [
            len(claim.evidence["proofs"])
            for claim in claims
            if claim.identity is not Identity.MISMATCH
        ]
        if each.proofs > max(proofs, default=-1):
            kept.append(each)
    return kept


# --- Faces ---------------------------------------------------------------------------------------
def accepted_faces(found: Sequence[Found], world: World, seed: int) -> list[tuple[int, int]]:
    """(accepted, waiting) faces of each page by today's rules, for performers without any face,
    among the faces of others.

    What the photos show is a made-up person; whose page it is makes no difference to that: a
    stranger's photos agree as well.
    """
    rng = np.random.default_rng([seed, 2])
    people = make_people(PEOPLE, len(PHOTOS), seed)
    return [
        _judged(people, owner, each.identity, world.photos[each.page], rng)
        for each, owner in zip(found, itertools.cycle(people.ids), strict=False)
    ]


def _judged(
    people: People, owner: int, identity: Identity, photos: int, rng: np.random.Generator
) -> tuple[int, int]:
    shown = [make_candidate(people, row) for row in people.of(owner)[:photos]]
    if not shown:
        return 0, 0
    index = draw_index(people, [other for other in people.ids if other != owner], rng)
    near = [_nearest(people, face.vector, index) for face in shown]
    context = Context("babepedia", "high", identity, len(index))
    judged = judge(shown, [], near, context, Thresholds(), LIMITS)
    verdicts = Counter(decision.verdict for decision in judged.decisions)
    return verdicts[Verdict.ACCEPTED], verdicts[Verdict.QUARANTINED]


def _nearest(people: People, vector: Vector, index: Rows) -> tuple[Neighbour, ...]:
    gaps = 1.0 - people.vectors[index] @ vector
    return tuple(
        Neighbour(int(people.owners[index[i]]), int(index[i]), float(gaps[i]))
        for i in np.argsort(gaps)[:NEIGHBOURS]
    )


def accepted_before(found: Sequence[Found], world: World) -> list[tuple[int, int]]:
    """The same by the rules before: photos of one page that agree were accepted."""
    counts = []
    for each in found:
        photos = world.photos[each.page]
        taken = photos > 1 or each.identity is Identity.CONFIRMED
        counts.append((photos, 0) if taken else (0, photos))
    return counts


# --- Figures -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Figures:
    """What came of ``looked_up`` lookups."""

    looked_up: int
    found: Sequence[Found]
    faces: Sequence[tuple[int, int]]

    @property
    def right(self) -> int:
        return sum(each.right for each in self.found)

    @property
    def wrong(self) -> Rate:
        return Rate(len(self.found) - self.right, len(self.found))

    @property
    def wrong_confirmed(self) -> Rate:
        wrong = sum(not f.right and f.identity is Identity.CONFIRMED for f in self.found)
        return Rate(wrong, len(self.found))

    def tell(self, title: str) -> None:
        confirmed = sum(f.right and f.identity is Identity.CONFIRMED for f in self.found)
        enough = sum(accepted >= ENOUGH for accepted, _ in self.faces)
        strangers = sum(
            accepted >= 1
            for each, (accepted, _) in zip(self.found, self.faces, strict=True)
            if not each.right
        )
        waiting = sum(waits for _, waits in self.faces)
        print(f"  {title}: {len(self.found):,} pages found, {self.right:,} right, {confirmed:,} of")
        print(
            f"    those confirmed; wrong {self.wrong}, wrong and confirmed {self.wrong_confirmed}"
        )
        print(
            f"    per 1,000 looked up: {1000 * enough / self.looked_up:.0f} performers reach "
            f"{ENOUGH} faces, {1000 * waiting / self.looked_up:.0f} faces wait; "
            f"{1000 * strangers / self.looked_up:.2f} are given a stranger's"
        )


def simulate(
    performers: int, others: int, lookups: int, shared: float, seed: int
) -> tuple[Figures, Figures]:
    """The rules before and after, on the same lookups."""
    world = make_world(performers, others, shared, seed)
    site = Site(world)
    chosen = np.random.default_rng([seed, 1]).choice(performers, lookups, replace=False)
    sample = [world.performers[place] for place in chosen]
    older, population = Unconcerned(), Population(map(make_bearer, world.performers))
    before = [f for each in sample if (f := look_up(each, site, older))]
    after = [f for each in sample if (f := look_up(each, site, population))]
    after = without_contested(after, world, population)
    return (
        Figures(lookups, before, accepted_before(before, world)),
        Figures(lookups, after, accepted_faces(after, world, seed)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--performers", type=int, default=100_000, help="in the database")
    parser.add_argument("--others", type=int, default=60_000, help="whom only the site may have")
    parser.add_argument("--lookups", type=int, default=6_000)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    print(f"{args.lookups:,} lookups in a database of {args.performers:,}; bounds are 95 %")
    for title, shared in WORLDS.items():
        began = time.perf_counter()
        before, after = simulate(args.performers, args.others, args.lookups, shared, args.seed)
        print(f"\nA world that is {title}" if "mild" in title else f"\nA world with {title}")
        before.tell("before")
        after.tell("after")
        cost = 1 - after.right / max(before.right, 1)
        print(f"  cost: {cost:.1%} of the right pages; {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
