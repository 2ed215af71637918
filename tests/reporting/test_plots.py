import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrichscrapy.items import Verdict
from enrichscrapy.reporting.charts import (
    ROW,
    Bar,
    Mark,
    Part,
    draw_bars,
    draw_share,
    round_up,
    tag,
)
from enrichscrapy.reporting.faces import Coverage
from enrichscrapy.reporting.plots import (
    MAX_BARS,
    MIN_BARS,
    DistanceBin,
    count_distances,
    plot_distances,
    plot_faces_per_performer,
    plot_outcomes,
    read_limits,
)
from enrichscrapy.reporting.sources import DayOutcome
from tests.sample_database import ACCEPTED, WAITING

pytestmark = pytest.mark.on_both()


def parsed(chart) -> ET.Element:
    return ET.fromstring(str(chart))


def titles(chart) -> list[str]:
    return [element.text for element in parsed(chart).iter("title")]


def labels(chart) -> list[str]:
    return [element.text for element in parsed(chart).iter("text")]


@given(st.floats(0, 1e12))
def test_a_scale_ends_at_or_above_its_largest_value_and_not_far_above(value):
    top = round_up(value)
    assert top >= value
    assert top <= max(2 * value, 1) * 1.0001


def test_what_a_chart_says_is_escaped():
    hostile = "</title><script>boom()</script>&\"'"
    bars = [Bar((Part('found" onload="boom()', 1, hostile),), hostile)]
    chart = draw_bars(bars, hostile, [Mark(0.5, hostile)])
    root = parsed(chart)
    assert {element.tag for element in root.iter()} == {
        "svg",
        "g",
        "line",
        "rect",
        "title",
        "text",
    }
    assert titles(chart) == [hostile]
    assert root.get("aria-label") == hostile


@given(st.lists(st.lists(st.integers(0, 10**6), max_size=4), max_size=30))
def test_bars_stay_within_the_plot_whatever_they_count(values):
    bars = [Bar(tuple(Part("found", value, "") for value in parts), "x") for parts in values]
    for rect in parsed(draw_bars(bars, "")).iter("rect"):
        assert float(rect.get("height")) >= 1
        assert 18 - 4 <= float(rect.get("y")) <= 168
        across = [float(rect.get(name).rstrip("%")) for name in ("x", "width")]
        assert across[0] >= 0
        assert sum(across) <= 100.01


def test_a_share_of_nothing_is_an_empty_bar():
    assert 'width="0%"' in draw_share(0, 0, "found")
    assert 'width="50.0%"' in draw_share(1, 2, "found")


def test_attributes_become_markup_by_one_rule():
    assert str(tag("a", "<", class_="x", aria_label='"')) == (
        '<a class="x" aria-label="&#34;">&lt;</a>'
    )


def test_days_are_a_bar_each_and_long_times_share_bars():
    chart = plot_outcomes([DayOutcome("2026-03-01", "iafd", "found", 7)], "iafd")
    assert titles(chart) == ["2026-03-01: 7 found"]
    assert labels(chart)[-1] == "01 Mar"
    long = [
        DayOutcome("2024-01-01", "iafd", "found", 1),
        DayOutcome("2026-01-01", "iafd", "failed", 2),
    ]
    told = titles(plot_outcomes(long, "iafd"))
    assert [bool(re.fullmatch(r"\S+ to \S+: \d failed|\S+ to \S+: \d found", t)) for t in told] == [
        True,
        True,
    ]
    assert MIN_BARS < MAX_BARS
    assert plot_outcomes(long, "babepedia") is None


def test_every_performer_with_faces_is_in_one_bar():
    covered = Coverage(100, {0: 90, 1: 10}, {0: 50, 1: 10, 3: 20, 7: 15, 40: 5}, 0)
    told = titles(plot_faces_per_performer(covered))
    assert "10 performers with 1 before" in told
    assert "15 performers with 6–9 after" in told
    assert "5 performers with 15+ after" in told
    assert sum(int(t.split()[0]) for t in told if t.endswith("after")) == 50


def test_distances_are_binned_by_verdict_with_the_limits_in_force(sample):
    sample.lookup(
        sample.performer(), faces=[ACCEPTED, WAITING], distances={"score": 0.31, "accept": 0.4}
    )
    sample.lookup(sample.performer(), faces=[ACCEPTED], distances={})
    with sample.database.read() as connection:
        bins = count_distances(connection, sample.model_id)
        limits = read_limits(connection, sample.model_id)
    assert sorted((row.verdict, row.bin, row.count) for row in bins) == [
        ("accepted", 12, 1),
        ("quarantined", 12, 1),
    ]
    assert limits == {"accept": 0.4}
    chart = plot_distances(bins, limits)
    assert titles(chart) == ["0.300 to 0.325: 1 accepted", "0.300 to 0.325: 1 waits for you"]
    assert "accept 0.40" in labels(chart)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_words_of_marks_never_cover_each_other(first, second):
    chart = parsed(draw_bars([Bar()], "", [Mark(first, "accept"), Mark(second, "reject")]))
    told = {text.text: float(text.get("y")) for text in chart.iter("text") if text.get("dx")}
    assert abs(told["accept"] - told["reject"]) >= ROW


def test_without_distances_there_is_no_plot(sample):
    assert plot_distances([], {}) is None
    with sample.database.read() as connection:
        assert read_limits(connection, sample.model_id) == {}
    assert plot_distances([DistanceBin(Verdict.ACCEPTED, 0, 1)], {}) is not None
