"""Charts are drawn true to their values, with round numbers beside them, and say themselves in words."""

import re
from xml.etree import ElementTree

import pytest

from service.web import charts
from service.web.charts import Point

SVG = "{http://www.w3.org/2000/svg}"


def parsed(markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


def points(*values) -> list[Point]:
    return [Point(f"{place} Nov", value, f"{value} on day {place}") for place, value in enumerate(values, start=1)]


def marks(chart) -> list[str]:
    return [text.text for text in chart.iter(f"{SVG}text") if text.get("class") == "mark"]


def bars_of(chart) -> list[ElementTree.Element]:
    return [rect for rect in chart.iter(f"{SVG}rect") if rect.get("class") != "reach"]


@pytest.mark.parametrize(
    ("greatest", "shown"),
    [(0, "0 1"), (1, "0 1"), (3, "0 1 2 3"), (4, "0 1 2 3 4"), (5, "0 2 4 6"), (24, "0 10 20 30"), (80, "0 20 40 60 80"),
     (81, "0 50 100"), (1000, "0 500 1k"), (4700, "0 2k 4k 6k"), (123_456, "0 50k 100k 150k")],
)  # fmt: skip
def test_the_axis_has_few_round_numbers_and_room_for_the_greatest(greatest, shown):
    chart = parsed(charts.bars("a", "A", "Words", points(0, greatest)))
    assert " ".join(marks(chart)) == shown


def test_a_bar_is_as_high_as_its_value():
    chart = parsed(charts.bars("a", "A", "Words", points(0, 10, 20)))
    heights = [float(rect.get("height")) for rect in bars_of(chart)]
    assert heights[0] == 0 and heights[2] == 2 * heights[1] == charts.HEIGHT - charts.TOP - charts.BOTTOM


def test_nothing_stands_outside_of_the_drawing_however_many_there_are():
    for many in (1, 12, 26, 52):
        for chart in (charts.bars("a", "A", "W", points(*range(many))), charts.line("b", "B", "W", points(*range(many)))):
            for text in parsed(chart).iter(f"{SVG}text"):
                assert 0 < float(text.get("x")) <= charts.WIDTH
            assert len(re.findall('class="label', chart)) <= charts.MOST_LABELS


def test_the_last_point_always_has_its_name():
    for many in (1, 5, 7, 12, 52):
        assert f">{many} Nov</text>" in charts.bars("a", "A", "W", points(*range(many)))


def test_a_line_has_a_gap_where_nothing_is_known():
    chart = parsed(charts.line("a", "A", "Words", points(5, 6, None, 7, None, 8, 9)))
    lines = [path.get("d") for path in chart.iter(f"{SVG}path") if path.get("class") == "line"]
    assert [line.count("L") for line in lines] == [1, 1], "the single one between two gaps is a dot alone"
    assert len(list(chart.iter(f"{SVG}circle"))) == 2 * 5


def test_a_chart_without_values_is_an_empty_one():
    for draw, nothing in ((charts.bars, []), (charts.line, points(None, None)), (charts.spark, []), (charts.spark, [None])):
        assert parsed(draw("a", "A", "W", nothing)).get("role") == "img"


def test_who_does_not_see_it_is_told_and_what_is_pointed_at_says_itself():
    chart = parsed(charts.bars("posts", "Posts by week", "24 in all.", points(24)))
    texts = {each.get("id"): each.text for each in chart.iter() if each.get("id")}
    assert chart.get("role") == "img" and chart.get("aria-labelledby") == "posts-title posts-words"
    assert texts == {"posts-title": "Posts by week", "posts-words": "24 in all."}
    assert [group.find(f"{SVG}title").text for group in chart.iter(f"{SVG}g")] == ["24 on day 1"]


def test_names_of_others_cannot_leave_their_place():
    hostile = "</title><script>alert(1)</script>\"'&"
    for chart in (charts.bars("a", hostile, hostile, [Point(hostile, 1, hostile)]),
                  charts.line("a", hostile, hostile, [Point(hostile, 1, hostile)]),
                  charts.spark("a", hostile, hostile, [1])):  # fmt: skip
        assert "<script" not in chart and parsed(chart).find(f"{SVG}title").text == hostile


def test_what_is_not_over_looks_different():
    chart = charts.bars("a", "A", "W", [Point("1", 1, "1"), Point("2", 1, "2", is_whole=False)])
    assert chart.count('class="bar part"') == 1 and chart.count('class="bar"') == 1


def test_a_spark_keeps_gaps_and_shows_small_values():
    chart = parsed(charts.spark("a", "A", "W", [0.001, None, 100]))
    heights = [float(rect.get("height")) for rect in bars_of(chart)]
    assert len(heights) == 2 and heights[0] >= 1.5
