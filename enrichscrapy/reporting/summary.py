"""What one crawl did, in the order in which a lookup passes the stages; from its stats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from enrichscrapy.items import Outcome, Verdict
from enrichscrapy.reporting.words import OUTCOMES, PHOTOS, VERDICTS, describe_reason

LOOKUPS: Mapping[str, str] = {
    **{outcome.value: OUTCOMES[outcome] for outcome in Outcome},
    "minor": "of these, under 18 for all that is known",
    "postponed": "put off, nothing learnt: stay due",
    "not_stored": "suppressed meanwhile: nothing stored",
    "restored_not_due": "in the JOBDIR, but no longer due",
    "lease_lost": "another crawl's by now: dropped",
    "unknown_gender": "of unknown gender among those begun",
}
FACES: Mapping[str, str] = {
    **{verdict.value: VERDICTS[verdict] for verdict in Verdict},
    "replaced": "accepted before, made room for better ones",
    "confirmed": "accepted before, trusted from now on",
}
REQUESTS: Mapping[str, str] = {
    "sent": "sent",
    "disallowed": "not sent: robots.txt",
    "challenge": "refused: challenge",
    "block": "refused: block",
    "rate_limit": "refused: too many requests",
    "forbidden": "refused: forbidden",
    "origin_down": "the site's server was down",
    "browser_visits": "challenges given to a browser",
    "by_browser": "sent by that browser",
}
INDEX: Mapping[str, str] = {
    "faces": "faces published",
    "publish_failed": "not published: see the log",
}
SECTIONS: Mapping[str, Mapping[str, str]] = {
    "lookups": LOOKUPS,
    "photos": {**PHOTOS, "addresses": "addresses only: faces are switched off"},
    "faces": FACES,
    "requests": REQUESTS,
    "index": INDEX,
}
ENDINGS: Mapping[str, str] = {
    "finished": "this run's work is done",
    "shutdown": "stopped as asked",
    "budget": "the day's requests are used up",
    "blocked": "the site refuses; it is left alone for a while",
    "stage_failed": "photos can no longer be looked at or kept; nothing is lost",
    "layout_changed": "the site's pages no longer look as they did",
    "bad_setting": "a setting cannot be used",
    "disk_error": "a folder cannot be written any more",
    "locked_out": "an erasure or a move has to finish first; then the same command goes on",
}


@dataclass(frozen=True)
class SummaryLine:
    """One count; ``reasons`` says why, for verdicts: (words, count)."""

    section: str
    words: str
    count: int
    reasons: tuple[tuple[str, int], ...] = ()


def list_counts(stats: Mapping[str, Any]) -> Iterator[SummaryLine]:
    """The counts that are not zero. What has no words here is shown by its own name."""
    for section, known in SECTIONS.items():
        counts = _take_counts(stats, section)
        names = [name for name in known if name in counts]
        names += [name for name in counts if name not in known and name not in _SHOWN_ELSEWHERE]
        for name in names:
            reasons = _take_counts(stats, f"{section}/{name}")
            why = tuple((describe_reason(reason), count) for reason, count in reasons.items())
            yield SummaryLine(section, known.get(name, describe_reason(name)), counts[name], why)


_SHOWN_ELSEWHERE = {"started", "published"}


def _take_counts(stats: Mapping[str, Any], section: str) -> dict[str, int]:
    """The stats directly below a section, the largest first."""
    prefix = f"{section}/"
    found = {
        name.removeprefix(prefix): value
        for name, value in stats.items()
        if name.startswith(prefix) and isinstance(value, int) and value
    }
    direct = {name: value for name, value in found.items() if "/" not in name}
    return dict(sorted(direct.items(), key=lambda item: (-item[1], item[0])))


def describe_ending(reason: str) -> str:
    """Why a crawl ended, in words where there are some."""
    return ENDINGS.get(reason, describe_reason(reason))


def join_counts(lines: list[SummaryLine]) -> str:
    """``lookups: 3 found, 1 failed; faces: 5 accepted``, for a log."""
    sections: dict[str, list[str]] = {}
    for line in lines:
        sections.setdefault(line.section, []).append(f"{line.count:,} {line.words}")
    return "; ".join(f"{section}: {', '.join(counts)}" for section, counts in sections.items())
