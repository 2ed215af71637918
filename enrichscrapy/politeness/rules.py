"""The settings of the pace as one value, and the delays that they may not go below."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enrichscrapy.exceptions import BadSetting
from enrichscrapy.settings_reader import find_for_source, name_base_url_setting

if TYPE_CHECKING:
    from enrichscrapy.settings_reader import ProjectSettings

FLOORS: Mapping[str, float] = {"babepedia": 3.0, "iafd": 2.0, "stashbox": 1.0}
"""Seconds between two requests below which ``DELAY_FLOORS`` may not go, loopback aside."""
FLOOR_ELSEWHERE = 3.0


@dataclass(frozen=True)
class PaceRules:
    """How a source wants to be visited.

    ``floor``, ``start_delay`` and ``max_delay`` bound the delay between two requests;
    ``jitter`` is the share of it by which it may be lengthened. ``budget`` counts requests of a
    UTC day (0: no limit). ``longest_wait`` is how long a crawl sits a pause out, ``longest_pause``
    how long a pause is believed.
    """

    source: str
    floor: float
    start_delay: float = 0.0
    max_delay: float = 60.0
    target_concurrency: float = 1.0
    jitter: float = 0.3
    budget: int = 0
    longest_wait: float = 600.0
    longest_pause: float = 7 * 86400.0
    refusals_to_open: int = 5
    failures_to_open: int = 20
    circuit_pause: float = 900.0
    circuit_pause_max: float = 86400.0

    @classmethod
    def from_settings(cls, settings: ProjectSettings, source: str, on_loopback: bool) -> PaceRules:
        """A source's rules; raises ``BadSetting`` for what breaks the floors."""
        return cls(
            source=source,
            floor=_find_floor(settings.DELAY_FLOORS, source, on_loopback),
            start_delay=settings.AUTOTHROTTLE_START_DELAY,
            max_delay=settings.AUTOTHROTTLE_MAX_DELAY,
            target_concurrency=settings.AUTOTHROTTLE_TARGET_CONCURRENCY,
            jitter=settings.DELAY_JITTER,
            budget=settings.REQUESTS_PER_DAY,
            longest_wait=settings.LONGEST_WAIT,
            longest_pause=86400.0 * settings.MAX_RETRY_AFTER,
            refusals_to_open=settings.CIRCUIT_REFUSALS,
            failures_to_open=settings.CIRCUIT_FAILURES,
            circuit_pause=settings.CIRCUIT_PAUSE,
            circuit_pause_max=settings.CIRCUIT_PAUSE_MAX,
        )


def _find_floor(floors: Mapping[str, float], source: str, on_loopback: bool) -> float:
    lowest = find_for_source(FLOORS, source) or FLOOR_ELSEWHERE
    wanted = find_for_source(floors, source)
    wanted = lowest if wanted is None else wanted
    if wanted < lowest and not on_loopback:
        raise BadSetting(
            f"DELAY_FLOORS gives {source} {wanted:g} s: at least {lowest:g} s, unless "
            f"{name_base_url_setting(source)} names loopback"
        )
    return wanted
