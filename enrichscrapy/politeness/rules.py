"""How a source wants to be visited: the settings of the pace, checked once."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enrichscrapy.exceptions import BadSetting

FLOORS: Mapping[str, float] = {"babepedia": 3.0, "iafd": 2.0}
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
    def from_settings(
        cls, settings: Mapping[str, Any], source: str, on_loopback: bool
    ) -> PaceRules:
        """Read the pace's settings; raises ``BadSetting`` for what breaks the floors."""
        return cls(
            source=source,
            floor=_floor(settings, source, on_loopback),
            start_delay=_number(settings, "AUTOTHROTTLE_START_DELAY"),
            max_delay=_number(settings, "AUTOTHROTTLE_MAX_DELAY"),
            target_concurrency=_number(settings, "AUTOTHROTTLE_TARGET_CONCURRENCY", above=0.0),
            jitter=_number(settings, "DELAY_JITTER"),
            budget=int(_number(settings, "REQUESTS_PER_DAY")),
            longest_wait=_number(settings, "LONGEST_WAIT"),
            longest_pause=86400.0 * _number(settings, "MAX_RETRY_AFTER", above=0.0),
            refusals_to_open=max(1, int(_number(settings, "CIRCUIT_REFUSALS"))),
            failures_to_open=max(1, int(_number(settings, "CIRCUIT_FAILURES"))),
            circuit_pause=_number(settings, "CIRCUIT_PAUSE"),
            circuit_pause_max=_number(settings, "CIRCUIT_PAUSE_MAX"),
        )


def _number(settings: Mapping[str, Any], name: str, above: float | None = None) -> float:
    try:
        value = float(settings[name])
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value) or value < 0 or (above is not None and value <= above):
        least = "above 0" if above is not None else "0 or more"
        raise BadSetting(f"{name}={settings[name]} is not usable: give a number, {least}")
    return value


def _mapping(given: Any) -> Mapping[str, Any]:
    """DELAY_FLOORS, as a mapping or (from ``-s``) as JSON text."""
    try:
        floors = json.loads(given) if isinstance(given, str) else given
    except ValueError:
        floors = None
    if not isinstance(floors, Mapping):
        raise BadSetting(f'DELAY_FLOORS={given} is not usable: write {{"babepedia": 3, "iafd": 2}}')
    return floors


def _floor(settings: Mapping[str, Any], source: str, on_loopback: bool) -> float:
    floors = _mapping(settings["DELAY_FLOORS"])
    lowest = FLOORS.get(source, FLOOR_ELSEWHERE)
    name = f"DELAY_FLOORS of {source}"
    wanted = _number({name: floors[source]}, name) if source in floors else lowest
    if wanted < lowest and not on_loopback:
        raise BadSetting(
            f"DELAY_FLOORS gives {source} {wanted:g} s: at least {lowest:g} s, unless "
            f"{source.upper()}_BASE_URL names loopback"
        )
    return wanted
