"""Accept and reject rates against the threshold, as one SVG that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from enrichscrapy.calibration.trials import Trials
from enrichscrapy.verdicts.thresholds import Thresholds

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 430, 300, 60, 46, 90
_COLOURS = ("#c0392b", "#d68910", "#1e8449", "#2471a3")
_LIMITS = np.arange(0.10, 0.8001, 0.01)
_LEAST = -5  # powers of ten on the strangers' scale


def draw(trials: Trials, thresholds: Thresholds) -> str:
    """Two panels: right photos refused, and strangers let in (a logarithmic scale), by threshold;
    one line for each number of trusted faces, a tick where accept stands."""
    body = [*_frame(0, "right photos not accepted, %", [(v, f"{v}") for v in range(0, 101, 20)])]
    powers = [(100 * (p - _LEAST) / -_LEAST, f"{10.0 ** (p + 2):g}") for p in range(_LEAST, 1)]
    body += _frame(1, "strangers accepted, %", powers)
    for (count, scores), colour in zip(sorted(trials.single.items()), _COLOURS, strict=False):
        accept = thresholds.accept_at(count)
        missed = [100 * (1 - scores.right_within(limit).value) for limit in _LIMITS]
        let_in = [_height(scores.strangers_within(limit).value) for limit in _LIMITS]
        body += _line(0, missed, colour, accept)
        body += _line(1, let_in, colour, accept)
    body += _legend(sorted(trials.single))
    width, height = 2 * (_WIDTH + _GAP), _TOP + _HEIGHT + 70
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#fff"/>'
        + "".join(body)
        + "</svg>\n"
    )


def _height(share: float) -> float:
    """A share on the logarithmic scale, 0 to 100; nothing at all lies on the ground line."""
    if not share > 0:
        return 0.0
    return 100 * max(math.log10(share) - _LEAST, 0) / -_LEAST


def _x(panel: int, limit: float) -> float:
    across = (limit - float(_LIMITS[0])) / float(np.ptp(_LIMITS))
    return _LEFT + panel * (_WIDTH + _GAP) + _WIDTH * across


def _y(height: float) -> float:
    return _TOP + _HEIGHT * (1 - height / 100)


def _line(panel: int, heights: Sequence[float], colour: str, accept: float) -> Iterator[str]:
    points = " ".join(
        f"{_x(panel, limit):.1f},{_y(height):.1f}"
        for limit, height in zip(_LIMITS, heights, strict=True)
    )
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
    here = _y(float(np.interp(accept, _LIMITS, heights)))
    yield f'<circle cx="{_x(panel, accept):.1f}" cy="{here:.1f}" r="4" fill="{colour}"/>'


def _frame(panel: int, title: str, marks: Sequence[tuple[float, str]]) -> Iterator[str]:
    left, right = _x(panel, _LIMITS[0]), _x(panel, _LIMITS[-1])
    yield f'<text x="{left:.0f}" y="{_TOP - 14}" font-weight="bold">{title}</text>'
    for height, label in marks:
        y = _y(height)
        yield f'<line x1="{left:.0f}" x2="{right:.0f}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
        yield f'<text x="{left - 8:.0f}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    for limit in _LIMITS[::10]:
        x = _x(panel, limit)
        yield f'<text x="{x:.1f}" y="{_TOP + _HEIGHT + 20}" text-anchor="middle">{limit:.1f}</text>'


def _legend(counts: Sequence[int]) -> Iterator[str]:
    y = _TOP + _HEIGHT + 50
    for place, (count, colour) in enumerate(zip(counts, _COLOURS, strict=False)):
        x = _LEFT + 190 * place
        yield f'<rect x="{x}" y="{y - 10}" width="22" height="4" fill="{colour}"/>'
        words = f"{count} trusted face{'s' if count > 1 else ''}"
        yield f'<text x="{x + 30}" y="{y - 3}">{words}</text>'
    x = _LEFT + 190 * len(counts)
    yield f'<text x="{x}" y="{y - 3}">dots: accept in force; distance = 1 - cosine</text>'
