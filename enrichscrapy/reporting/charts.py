"""Charts as SVG: bars within a page, and lines in a file that needs nothing else.

Bars are placed in per cent across and in pixels down, so that they fill any width while their text
keeps its size. Their colours are CSS classes of the page (``found``, ``accepted``, …), and each
carries a ``<title>`` that tells its numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

TOP, PLOT, BOTTOM = 18, 150, 22
"""Pixels above the plot, of the plot, and below it for the labels."""

WIDTH, HEIGHT, LEFT, ABOVE, GAP = 430, 300, 60, 46, 90
"""Of a panel of lines: its plot's size, what is left of it and above it, and between two."""

ROW = 16
"""Pixels that a mark's words take above the plot: a row each, so that none covers another."""


@dataclass(frozen=True)
class Part:
    """A piece of a bar: its colour class, its size and what a pointer on it reads."""

    kind: str
    value: float
    title: str


@dataclass(frozen=True)
class Bar:
    """A bar of stacked parts; ``label`` stands under it and the ``span - 1`` bars that follow."""

    parts: tuple[Part, ...] = ()
    label: str = ""
    span: int = 1

    @property
    def total(self) -> float:
        return sum(part.value for part in self.parts)


@dataclass(frozen=True)
class Mark:
    """A vertical line at ``place`` (0..1 across) with its words."""

    place: float
    text: str


def draw_bars(bars: Sequence[Bar], summary: str, marks: Iterable[Mark] = ()) -> Markup:
    """Bars side by side on a common scale; ``summary`` is what a screen reader says."""
    top = round_up(max((bar.total for bar in bars), default=0))
    marks = sorted(marks, key=lambda mark: mark.place)
    above = ROW * len(marks)
    plot = [*_draw_grid(top), *_draw_each_bar(bars, top), *_draw_scale(top), *_draw_labels(bars)]
    body = [tag("g", *plot, transform=f"translate(0 {above})"), *_draw_marks(marks)]
    height = above + TOP + PLOT + BOTTOM
    return tag("svg", *body, class_="chart", role="img", aria_label=summary, height=height)


def draw_share(value: float, top: float, kind: str) -> Markup:
    """A horizontal bar for a table's cell."""
    width = f"{_to_percent(value / top if top else 0)}%"
    return tag("svg", tag("rect", class_=kind, width=width, height="100%", rx=2), class_="share")


def round_up(value: float) -> float:
    """The next of 1, 2, 3, 4, 5, 6, 8, 10, 20, … at or above ``value``: scales end on it."""
    if value <= 1:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(power * step for step in (1, 2, 3, 4, 5, 6, 8, 10) if power * step >= value)


def tag(name: str, *content: str, **attributes: object) -> Markup:
    """An element; attributes and text are escaped; ``class_`` is ``class``, ``a_b`` is ``a-b``."""
    pairs = [
        Markup('{}="{}"').format(key.rstrip("_").replace("_", "-"), value)
        for key, value in attributes.items()
    ]
    head = Markup(" ").join([name, *pairs])
    inside = Markup("").join(escape(piece) for piece in content)
    return Markup("<{}>{}</{}>").format(head, inside, name)


def _draw_grid(top: float) -> list[Markup]:
    drawn = []
    for share in _list_steps(top):
        y = _round(TOP + PLOT * (1 - share))
        kind = "grid" if share else "axis"
        drawn.append(tag("line", class_=kind, x1="0", x2="100%", y1=y, y2=y))
    return drawn


def _draw_scale(top: float) -> list[Markup]:
    """Above the bars, so that it can be read where they meet."""
    return [
        tag("text", f"{int(top * share):,}", class_="scale", x="0", y=TOP + PLOT * (1 - share) - 4)
        for share in _list_steps(top)
        if share
    ]


def _list_steps(top: float) -> list[float]:
    """Where grid lines are drawn: counts are whole, so half of an odd scale is none."""
    return [share for share in (0.0, 0.5, 1.0) if (top * share).is_integer()]


def _draw_each_bar(bars: Sequence[Bar], top: float) -> list[Markup]:
    slot = 100 / max(len(bars), 1)
    gap = min(slot * 0.18, 0.8)
    drawn = []
    for place, bar in enumerate(bars):
        floor = float(TOP + PLOT)
        for part in bar.parts:
            if part.value <= 0:
                continue
            height = max(PLOT * part.value / top, 1.0)  # one among thousands can still be seen
            floor -= height
            drawn.append(
                tag(
                    "rect",
                    tag("title", part.title),
                    class_=part.kind,
                    x=f"{_to_percent((place * slot + gap / 2) / 100)}%",
                    width=f"{_to_percent((slot - gap) / 100)}%",
                    y=_round(floor),
                    height=_round(height),
                )
            )
    return drawn


def _draw_labels(bars: Sequence[Bar]) -> list[Markup]:
    slot = 1 / max(len(bars), 1)
    drawn = []
    for place, bar in enumerate(bars):
        if not bar.label:
            continue
        anchor, x = "middle", (place + bar.span / 2) * slot
        if x < 0.04:  # a long label must not be cut off at the edge
            anchor, x = "start", 0.0
        elif x > 0.96:
            anchor, x = "end", 1.0
        y = TOP + PLOT + 16
        drawn.append(tag("text", bar.label, x=f"{_to_percent(x)}%", y=y, text_anchor=anchor))
    return drawn


def _draw_marks(marks: Sequence[Mark]) -> list[Markup]:
    drawn = []
    foot = ROW * len(marks) + TOP + PLOT
    for row, mark in enumerate(marks):
        x, y = f"{_to_percent(mark.place)}%", ROW * (row + 1) - 4
        anchor, shift = ("end", -4) if mark.place > 0.5 else ("start", 4)
        drawn.append(tag("line", class_="mark", x1=x, x2=x, y1=y - 9, y2=foot))
        drawn.append(tag("text", mark.text, x=x, dx=shift, y=y, text_anchor=anchor))
    return drawn


def _to_percent(share: float) -> float:
    return _round(100 * share)


def _round(value: float) -> float:
    return round(value, 2)


def draw_legend(kinds: Mapping[str, str]) -> Markup:
    """The colours (class -> words) of a chart."""
    items = [tag("li", tag("i", class_=kind), words) for kind, words in kinds.items()]
    return tag("ul", *items, class_="legend")


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

    colour: str
    points: Sequence[tuple[float, float]]
    dot: tuple[float, float] | None = None
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One chart of lines."""

    title: str
    x: Axis
    y: Axis
    lines: Sequence[Line]


def draw_lines(panels: Sequence[Panel], lines: Sequence[tuple[str, str]], note: str = "") -> Markup:
    """The panels beside one another over a legend of (words, colour), with a note at its end."""
    width, foot = len(panels) * (WIDTH + GAP), ABOVE + HEIGHT + 50
    body = [tag("rect", width="100%", height="100%", fill="#fff")]
    for place, panel in enumerate(panels):
        body += _draw_panel(LEFT + place * (WIDTH + GAP), panel)
    for place, (words, colour) in enumerate(lines):
        x = LEFT + 190 * place
        body.append(tag("rect", x=x, y=foot - 10, width=22, height=4, fill=colour))
        body.append(tag("text", words, x=x + 30, y=foot - 3))
    body.append(tag("text", note, x=LEFT + 190 * len(lines), y=foot - 3))
    head = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {width} {foot + 20}"}
    return tag("svg", *body, **head, font_family="sans-serif", font_size=13) + "\n"


def _draw_panel(left: int, panel: Panel) -> Iterator[Markup]:
    def at(x: float, y: float) -> tuple[float, float]:
        across, up = panel.x.place(x), panel.y.place(y)
        return round(left + WIDTH * across, 1), round(ABOVE + HEIGHT * (1 - up), 1)

    yield tag("text", panel.title, x=left, y=ABOVE - 14, font_weight="bold")
    for value, label in panel.y.marks.items():
        _, y = at(panel.x.low, value)
        yield tag("line", x1=left, x2=left + WIDTH, y1=y, y2=y, stroke="#ddd")
        yield tag("text", label, x=left - 8, y=y + 4, text_anchor="end")
    for value, label in panel.x.marks.items():
        x, _ = at(value, panel.y.low)
        yield tag("text", label, x=x, y=ABOVE + HEIGHT + 20, text_anchor="middle")
    for line in panel.lines:
        points = " ".join(f"{x},{y}" for x, y in (at(*point) for point in line.points))
        look = {"fill": "none", "stroke": line.colour, "stroke-width": 2}
        dashes = {"stroke-dasharray": "5 4"} if line.dashed else {}
        yield tag("polyline", points=points, **look, **dashes)
        if line.dot is not None:
            x, y = at(*line.dot)
            yield tag("circle", cx=x, cy=y, r=4, fill=line.colour)
