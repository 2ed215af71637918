"""What the trials say, as text."""

from __future__ import annotations

from collections.abc import Iterator

from enrichscrapy.calibration.proposal import Proposal
from enrichscrapy.calibration.trials import Trials
from enrichscrapy.verdicts.thresholds import Thresholds

_CAUTION = (
    "Bounds are 95 % and take the trials for independent; trials that share people prove less."
)


def measured(trials: Trials, thresholds: Thresholds) -> Iterator[str]:
    """Accept and reject rates of single photos at the thresholds in force."""
    yield (
        f"{trials.faces:,} faces of {trials.people:,} people. Single photos, without what the "
        "other photos of a page would add:"
    )
    for count, scores in sorted(trials.single.items()):
        yield f"with {count} trusted face{'s' if count > 1 else ''}"
        for name in ("certain", "accept"):
            limit = getattr(thresholds, f"{name}_at")(count)
            yield f"  {name} {limit:.3f}   right {scores.right_within(limit)}"
            yield f"                  strangers {scores.strangers_within(limit)}"
        limit = thresholds.reject_at(count)
        yield f"  reject {limit:.3f}   right {scores.right_beyond(limit)}"
        yield f"                  strangers {scores.strangers_beyond(limit)}"
    yield _CAUTION


def proposed(proposal: Proposal, trials: Trials) -> Iterator[str]:
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
