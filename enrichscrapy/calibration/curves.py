"""Accept and reject rates against the threshold, as one SVG that needs nothing else."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from enrichscrapy.calibration.rates import Rate
from enrichscrapy.calibration.trials import Scores, Trials
from enrichscrapy.reporting.charts import Axis, Line, Panel, draw_lines
from enrichscrapy.reporting.words import count_words
from enrichscrapy.verdicts.thresholds import Thresholds

_COLOURS = ("#c0392b", "#d68910", "#1e8449", "#2471a3")
_LIMITS = np.arange(0.10, 0.8001, 0.01)
_THRESHOLD = Axis(0.1, 0.8, {place / 10: f"{place / 10}" for place in range(1, 9)})
_MISSED = Axis(0, 1, {place / 5: f"{20 * place}" for place in range(6)})
_LET_IN = Axis(1e-5, 1, {10.0**power: f"{10.0 ** (power + 2):g}" for power in range(-5, 1)}, True)


def draw_curves(trials: Trials, thresholds: Thresholds) -> str:
    """Two panels: right photos refused, and strangers let in (a logarithmic scale), by threshold;
    one line for each number of trusted faces, a dot where accept stands."""
    counts = list(zip(sorted(trials.single.items()), _COLOURS, strict=False))

    def draw_curve(count: int, colour: str, share: Callable[[float], float]) -> Line:
        accept = thresholds.accept_at(count)
        points = [(float(limit), share(float(limit))) for limit in _LIMITS]
        return Line(colour, points, dot=(accept, share(accept)))

    missed = [draw_curve(n, colour, miss_at(scores)) for (n, scores), colour in counts]
    let_in = [
        draw_curve(n, colour, rate_at(scores.strangers_within)) for (n, scores), colour in counts
    ]
    return draw_lines(
        [
            Panel("right photos not accepted, %", _THRESHOLD, _MISSED, missed),
            Panel("strangers accepted, %", _THRESHOLD, _LET_IN, let_in),
        ],
        [(count_words(count, "trusted face"), colour) for (count, _), colour in counts],
        "dots: accept in force; distance = 1 - cosine",
    )


def miss_at(scores: Scores) -> Callable[[float], float]:
    return lambda limit: 1.0 - scores.right_within(limit).value


def rate_at(rate: Callable[[float], Rate]) -> Callable[[float], float]:
    return lambda limit: rate(limit).value
