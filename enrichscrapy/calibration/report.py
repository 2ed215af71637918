"""What the trials say, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from enrichscrapy.calibration.lookups import Cases, Page, pool_cases
from enrichscrapy.calibration.proposal import Proposal
from enrichscrapy.calibration.rates import Rate
from enrichscrapy.calibration.trials import Trials
from enrichscrapy.items import Verdict
from enrichscrapy.reporting.words import count_words
from enrichscrapy.verdicts.thresholds import Thresholds

_CAUTION = (
    "Bounds are 95 % and take the trials for independent; trials that share people prove less."
)


def report_trials(trials: Trials, thresholds: Thresholds) -> Iterator[str]:
    """Accept and reject rates of single photos at the thresholds in force."""
    yield (
        f"{trials.faces:,} faces of {trials.people:,} people. Single photos, without what the "
        "other photos of a page would add:"
    )
    for count, scores in sorted(trials.single.items()):
        yield f"with {count_words(count, 'trusted face')}"
        for name in ("certain", "accept"):
            limit = getattr(thresholds, f"{name}_at")(count)
            yield f"  {name} {limit:.3f}   right {scores.right_within(limit)}"
            yield f"                  strangers {scores.strangers_within(limit)}"
        limit = thresholds.reject_at(count)
        yield f"  reject {limit:.3f}   right {scores.right_beyond(limit)}"
        yield f"                  strangers {scores.strangers_beyond(limit)}"
    yield _CAUTION


def report_lookups(cases: Cases) -> Iterator[str]:
    """The verdicts on right faces and on strangers in whole lookups, by rule."""
    everything = pool_cases(cases, {count for count, _, _ in cases}, tuple(Page))
    yield (
        f"{everything.pages:,} whole lookups, with what the photos of a page do for each other: "
        "right pages, pages with strangers mixed in, wrong pages; trust high:"
    )
    for count in sorted({count for count, _, _ in cases}):
        yield f"with {count_words(count, 'trusted face')}"
        honest = pool_cases(cases, {count}, (Page.RIGHT,))
        for verdict in (Verdict.ACCEPTED, Verdict.QUARANTINED, Verdict.REJECTED):
            yield f"  right {verdict.value:<12}{honest.right_rate(verdict)}"
            yield from _list_by_rule(honest.right, verdict)
        yield f"  performers with faces that wait because people are not told apart {honest.held}"
        foreign = pool_cases(cases, {count}, (Page.MIXED, Page.WRONG))
        yield f"  strangers accepted {foreign.stranger_rate(Verdict.ACCEPTED)}"
        yield from _list_by_rule(foreign.strangers, Verdict.ACCEPTED)
        wrong = pool_cases(cases, {count}, (Page.WRONG,))
        yield f"  wrong pages that added a face {wrong.let_in}"
    yield _CAUTION


def _list_by_rule(faces: Counter[tuple[Verdict, str]], verdict: Verdict) -> Iterator[str]:
    total = faces.total()
    for (given, reason), hits in faces.most_common():
        if given is verdict:
            yield f"      {reason:<28}{Rate(hits, total)}"


def report_proposal(proposal: Proposal, trials: Trials) -> Iterator[str]:
    """The thresholds proposed, with what they would have done; or why there are none."""
    wanted = f"{100 * proposal.wanted:g} %"
    if proposal.thresholds is None:
        yield f"No proposal for {wanted} of strangers: {proposal.why}."
        return
    yield f"For {wanted} of strangers' single photos at most, by the upper bound:"
    for count, scores in sorted(trials.single.items()):
        accept = proposal.thresholds.accept_at(count)
        reject = proposal.thresholds.reject_at(count)
        yield f"  {count} trusted: accept {accept:.3f}, reject {reject:.3f}"
        yield f"     accepted of right {scores.right_within(accept)}"
        yield f"     accepted of strangers {scores.strangers_within(accept)}"
