"""No sequence of lookups opens the door to a stranger; nothing depends on the photos' order."""

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from enrichscrapy.items import Identity, Neighbour, Verdict
from enrichscrapy.verdicts import (
    Candidate,
    Context,
    Limits,
    Reference,
    Thresholds,
    Trust,
    judge,
)
from enrichscrapy.verdicts.evidence import nearness, scores, stack

DIMENSION = 12
DEFAULTS = Thresholds()
LIMITS = Limits(per_source=5, total=12)
# The most that the allowance can add to a threshold.
CROWD = max(DEFAULTS.crowd_weight, DEFAULTS.together_crowd_weight)
MOST = DEFAULTS.allowance_bound * (CROWD + DEFAULTS.spread_weight)
RELAXED = settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150)


def unit(vector):
    return (vector / np.linalg.norm(vector)).astype(np.float32)


seeds = st.integers(0, 2**32 - 1)
qualities = st.floats(0.0, 1.0)


@st.composite
def profiles(draw, most=6):
    """Photos of one or two people, some much alike, some of them two faces of one photo."""
    rng = np.random.default_rng(draw(seeds))
    people = rng.normal(size=(2, DIMENSION))
    photos = []
    for number in range(draw(st.integers(0, most))):
        person = people[draw(st.integers(0, 1))]
        noise = draw(st.sampled_from([0.05, 0.4, 1.0, 2.0]))
        vector = unit(person + noise * rng.normal(size=DIMENSION))
        name = f"photo {number if draw(st.booleans()) else 0}"
        photos.append(Candidate(vector, draw(qualities), name))
    references = [
        Reference(
            face_id=number,
            vector=unit(people[0] + 0.5 * rng.normal(size=DIMENSION)),
            trusted=draw(st.booleans()),
            quality=draw(qualities),
            source=draw(st.sampled_from(["import", "site", "other"])),
            earned=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 5)))
    ]
    neighbours = [
        [
            Neighbour(int(rng.integers(1, 4)), int(rng.integers(1, 99)), float(gap))
            for gap in sorted(rng.uniform(0.1, 1.2, size=draw(st.integers(0, 3))))
        ]
        for _ in photos
    ]
    context = Context(
        "site",
        draw(st.sampled_from([str(trust) for trust in Trust])),
        draw(st.sampled_from([None, *Identity])),
        draw(st.sampled_from([0, 30, 100_000])),
    )
    return photos, references, neighbours, context


@given(profiles(), st.randoms(use_true_random=False))
@RELAXED
def test_neither_the_order_of_photos_nor_of_faces_matters(profile, random):
    photos, references, neighbours, context = profile
    first = judge(photos, references, neighbours, context, DEFAULTS, LIMITS)
    order = list(range(len(photos)))
    random.shuffle(order)
    shuffled = list(references)
    random.shuffle(shuffled)
    second = judge(
        [photos[place] for place in order],
        shuffled,
        [neighbours[place] for place in order],
        context,
        DEFAULTS,
        LIMITS,
    )
    assert [first.decisions[place] for place in order] == list(second.decisions)
    assert (first.retire, first.confirm) == (second.retire, second.confirm)
    again = judge(photos, references, neighbours, context, DEFAULTS, LIMITS)
    assert again == first


@given(profiles())
@RELAXED
def test_what_is_accepted_and_what_goes_fits_the_limits(profile):
    photos, references, neighbours, context = profile
    limits = Limits(3, 4)
    judged = judge(photos, references, neighbours, context, DEFAULTS, limits)
    new = sum(decision.verdict is Verdict.ACCEPTED for decision in judged.decisions)
    gone = {face_id for face_id, _ in judged.retire}
    same = {face.face_id for face in references if face.source == context.source}
    assert gone <= same
    assert len(same) - len(gone) + new <= max(limits.per_source, len(same))
    assert len(references) - len(gone) + new <= max(limits.total, len(references))
    assert not any(d.trusted for d in judged.decisions if d.verdict is not Verdict.ACCEPTED)
    # A face that a person confirmed never makes room for a face that nobody did.
    if context.trust != Trust.USER:
        given = {face.face_id for face in references if face.trusted and not face.earned}
        assert not gone & given


@given(profiles())
@RELAXED
def test_nobody_beyond_the_reject_threshold_and_no_one_elses_face_gets_in(profile):
    photos, references, neighbours, context = profile
    judged = judge(photos, references, neighbours, context, DEFAULTS, LIMITS)
    faces = stack([face.vector for face in references if face.trusted])
    for photo, near, decision in zip(photos, neighbours, judged.decisions, strict=True):
        if decision.verdict is not Verdict.ACCEPTED:
            continue
        assert context.identity is not Identity.MISMATCH
        if context.trust == Trust.USER or not len(faces):
            continue
        own = nearness(stack([photo.vector]), faces)
        assert own.score <= DEFAULTS.reject_at(len(faces))
        if context.index_size < 100 and near and near[0].distance < 0.4:
            assert near[0].distance >= own.nearest - DEFAULTS.margin - 1e-6


@given(profiles())
@RELAXED
def test_a_page_where_no_photo_matches_adds_nothing(profile):
    photos, references, neighbours, context = profile
    faces = stack([face.vector for face in references if face.trusted])
    if not len(faces) or not photos or context.trust == Trust.USER:
        return
    limit = DEFAULTS.accept_at(len(faces)) + MOST
    if scores(stack([photo.vector for photo in photos]), faces).min() <= limit:
        return
    judged = judge(photos, references, neighbours, context, DEFAULTS, LIMITS)
    assert Verdict.ACCEPTED not in {decision.verdict for decision in judged.decisions}


@given(profiles(most=1), st.sampled_from(["high", "medium", "low"]))
@RELAXED
def test_without_faces_a_single_uncorroborated_photo_is_never_accepted(profile, trust):
    photos, _, neighbours, context = profile
    for identity in (None, Identity.UNCORROBORATED, Identity.MISMATCH):
        alone = Context("site", trust, identity, context.index_size)
        judged = judge(photos, [], neighbours, alone, DEFAULTS, LIMITS)
        assert Verdict.ACCEPTED not in {decision.verdict for decision in judged.decisions}


class Enrichment(RuleBasedStateMachine):
    """A performer with the user's own faces, and any pages an adversary likes to show.

    The adversary knows every accepted face, and tries to lead from one to the next.
    """

    @initialize(seed=seeds, count=st.integers(1, 4))
    def start(self, seed, count):
        self.rng = np.random.default_rng(seed)
        person = self.rng.normal(size=DIMENSION)
        self.faces = [
            Reference(n, unit(person + 0.3 * self.rng.normal(size=DIMENSION)), True, 0.9, "import")
            for n in range(count)
        ]
        self.own = stack([face.vector for face in self.faces])
        self.next_id = count

    def judge(self, vectors, source, trust, identity):
        photos = [
            Candidate(unit(vector), float(self.rng.uniform(0.3, 1.0)), f"{self.next_id}-{n}")
            for n, vector in enumerate(vectors)
        ]
        context = Context(source, trust, identity)
        judged = judge(photos, self.faces, [()] * len(photos), context, DEFAULTS, LIMITS)
        gone = {face_id for face_id, _ in judged.retire}
        kept = [face for face in self.faces if face.face_id not in gone]
        self.faces = [
            Reference(
                face.face_id,
                face.vector,
                face.trusted or face.face_id in judged.confirm,
                face.quality,
                face.source,
                earned=face.earned or face.face_id in judged.confirm,
            )
            for face in kept
        ]
        for photo, decision in zip(photos, judged.decisions, strict=True):
            if decision.verdict is Verdict.ACCEPTED:
                face = Reference(
                    self.next_id, photo.vector, decision.trusted, photo.quality, source, earned=True
                )
                self.faces.append(face)
                self.next_id += 1
        return photos, judged

    sources = st.sampled_from(["site", "other", "third"])
    levels = st.sampled_from(["high", "medium", "low"])
    pages = st.sampled_from([None, Identity.CONFIRMED, Identity.UNCORROBORATED])

    @rule(source=sources, trust=levels, identity=pages, count=st.integers(1, 5))
    def honest_page(self, source, trust, identity, count):
        near = self.own[self.rng.integers(len(self.own), size=count)]
        noise = self.rng.uniform(0.05, 0.4) * self.rng.normal(size=(count, DIMENSION))
        self.judge(near + noise, source, trust, identity)

    @rule(
        source=sources,
        trust=levels,
        identity=pages,
        count=st.integers(1, 6),
        step=st.floats(0.05, 0.95),
    )
    def leading_page(self, source, trust, identity, count, step):
        """Photos part of the way from accepted faces to a stranger, farther each time."""
        stranger = self.rng.normal(size=DIMENSION)
        last = stack([face.vector for face in self.faces])[-count:]
        self.judge((1 - step) * last + step * unit(stranger), source, trust, identity)

    @rule(source=sources, trust=levels, identity=pages, count=st.integers(1, 8))
    def wrong_page(self, source, trust, identity, count):
        """All photos of one stranger whom each comparison alone would keep out."""
        stranger = self.rng.normal(size=DIMENSION)
        noise = 0.2 * self.rng.normal(size=(count, DIMENSION))
        vectors = np.stack([unit(vector) for vector in stranger + noise])
        trusted = stack([face.vector for face in self.faces if face.trusted])
        alone = scores(stack(list(vectors)), trusted)
        if alone.min() <= DEFAULTS.accept_at(len(trusted)) + MOST:
            return
        _, judged = self.judge(vectors, source, trust, identity)
        assert Verdict.ACCEPTED not in {decision.verdict for decision in judged.decisions}

    @invariant()
    def no_stranger_is_in(self):
        """Whatever was accepted, the user's own faces alone would not have refused."""
        limit = DEFAULTS.reject_at(len(self.own))
        found = scores(stack([face.vector for face in self.faces]), self.own)
        assert found.max() <= limit + 1e-6

    @invariant()
    def the_users_faces_stay(self):
        assert [face.face_id for face in self.faces][: len(self.own)] == list(range(len(self.own)))

    @invariant()
    def limits_hold(self):
        by_source = [face.source for face in self.faces]
        assert len(by_source) <= LIMITS.total
        assert all(by_source.count(source) <= LIMITS.per_source for source in set(by_source))


TestEnrichment = Enrichment.TestCase
TestEnrichment.settings = settings(
    max_examples=60,
    stateful_step_count=15,
    phases=[Phase.explicit, Phase.generate],  # shrinking a history of lookups takes minutes
)


@pytest.mark.parametrize("size", [1, 2, 5, 8])
def test_a_face_accepted_on_thin_evidence_is_no_reference(size):
    """Zero trusted faces: pages follow one another, and none of their faces is a reference."""
    rng = np.random.default_rng(size)
    person = rng.normal(size=DIMENSION)
    faces = []
    for _ in range(3):
        vectors = [unit(person + 0.3 * rng.normal(size=DIMENSION)) for _ in range(size)]
        photos = [Candidate(v, 0.9, f"{len(faces)}-{n}") for n, v in enumerate(vectors)]
        context = Context("site", "high", Identity.CONFIRMED)
        judged = judge(photos, faces, [()] * size, context, DEFAULTS, Limits(50, 50))
        assert not any(decision.trusted for decision in judged.decisions)
        assert judged.confirm == ()
        for photo, decision in zip(photos, judged.decisions, strict=True):
            if decision.verdict is Verdict.ACCEPTED:
                faces.append(Reference(len(faces), photo.vector, False, 0.9, "site"))
    assert faces
