"""Line charts side by side, as one SVG that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 430, 300, 60, 46, 90


@dataclass(frozen=True)
class Axis:
    """From ``low`` to ``high``, in the data's own units; ``marks`` are labelled values.

    On a logarithmic axis whatever is below ``low``, zero as well, lies at its beginning.
    """

    low: float
    high: float
    marks: Mapping[float, str]
    log: bool = False

    def place(self, value: float) -> float:
        """0 at ``low``, 1 at ``high``."""
        if not self.log:
            return (value - self.low) / (self.high - self.low)
        above = value / self.low if value > self.low else 1.0
        return math.log(above) / math.log(self.high / self.low)


@dataclass(frozen=True)
class Line:
    """Points (x, y), joined; ``dot`` is one of them that is marked."""

    words: str
    colour: str
    points: Sequence[tuple[float, float]]
    dot: tuple[float, float] | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One chart."""

    title: str
    x: Axis
    y: Axis
    lines: Sequence[Line]


def draw(panels: Sequence[Panel], legend: Sequence[tuple[str, str]], note: str = "") -> str:
    """The panels beside one another over a legend of (words, colour), with a note at its end."""
    width, height = len(panels) * (_WIDTH + _GAP), _TOP + _HEIGHT + 70
    body = [part for place, panel in enumerate(panels) for part in _panel(place, panel)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="#fff"/>'
        + "".join([*body, *_legend(legend, note)])
        + "</svg>\n"
    )


def _panel(place: int, panel: Panel) -> Iterator[str]:
    left = _LEFT + place * (_WIDTH + _GAP)

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = panel.x.place(x), panel.y.place(y)
        return left + _WIDTH * across, _TOP + _HEIGHT * (1 - up)

    yield f'<text x="{left}" y="{_TOP - 14}" font-weight="bold">{escape(panel.title)}</text>'
    for value, label in panel.y.marks.items():
        _, y = at(panel.x.low, value)
        yield (
            f'<line x1="{left}" x2="{left + _WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>'
            f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>'
        )
    for value, label in panel.x.marks.items():
        x, _ = at(value, panel.y.low)
        below = _TOP + _HEIGHT + 20
        yield f'<text x="{x:.1f}" y="{below}" text-anchor="middle">{escape(label)}</text>'
    for line in panel.lines:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in line.points))
        dashes = ' stroke-dasharray="5 4"' if line.dashed else ""
        yield (
            f'<polyline points="{points}" fill="none" stroke="{line.colour}" '
            f'stroke-width="2"{dashes}/>'
        )
        if line.dot is not None:
            x, y = at(*line.dot)
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{line.colour}"/>'


def _legend(entries: Sequence[tuple[str, str]], note: str) -> Iterator[str]:
    y = _TOP + _HEIGHT + 50
    for place, (words, colour) in enumerate(entries):
        x = _LEFT + 190 * place
        yield f'<rect x="{x}" y="{y - 10}" width="22" height="4" fill="{colour}"/>'
        yield f'<text x="{x + 30}" y="{y - 3}">{escape(words)}</text>'
    if note:
        yield f'<text x="{_LEFT + 190 * len(entries)}" y="{y - 3}">{escape(note)}</text>'
