"""Charts as SVG, drawn here: no script, readable on a phone, in words for who does not see them.

A chart is 400 units wide wherever it stands and grows with its place; colours and type come from classes (insights.css).
Each value says itself when it is pointed at (<title>); the page puts the table beside the chart."""

import math
from collections.abc import Callable
from typing import NamedTuple

from markupsafe import Markup, escape

WIDTH, HEIGHT = 400, 190
LEFT, RIGHT, TOP, BOTTOM = 40, 6, 10, 26  # what is around the area
TICKS = 4  # lines across, at most
MOST_LABELS = 5  # along the bottom
NICE = (1, 2, 5, 10)
SPARK_WIDTH, SPARK_HEIGHT = 240, 44


class Point(NamedTuple):
    """A value with its name on the axis and what it says in full; None: there is no value."""

    label: str
    value: float | None
    said: str
    is_whole: bool = True  # else it is of a time that is not over


def bars(id: str, title: str, words: str, points: list[Point]) -> Markup:
    """How many, one bar each. `id` is unique on the page; `words` say what there is to see."""
    top, marks = axis(points)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(points))
    thick = max(2.0, min(step * 0.72, 28))
    drawn = [grid(top, marks, format_count)]
    for place, point in enumerate(points):
        height = (point.value or 0) / top * (HEIGHT - TOP - BOTTOM)
        x, y = LEFT + step * place, HEIGHT - BOTTOM - height
        drawn.append(
            f'<g class="{"bar" if point.is_whole else "bar part"}"><title>{escape(point.said)}</title>'
            f'<rect class="reach" x="{x:.1f}" y="{TOP}" width="{step:.1f}" height="{HEIGHT - TOP - BOTTOM}"/>'
            f'<rect x="{x + (step - thick) / 2:.1f}" y="{y:.1f}" width="{thick:.1f}" height="{height:.1f}" rx="1.5"/></g>'
        )
    return svg(id, title, words, [*drawn, labels(points, step)])


def line(id: str, title: str, words: str, points: list[Point], shown: Callable = str, nice=NICE) -> Markup:
    """How much over time, with gaps where there is no value. `shown` writes what stands at the axis; `nice` are the steps
    that are round numbers in its unit."""
    top, marks = axis(points, nice)
    step = (WIDTH - LEFT - RIGHT) / max(1, len(points))
    dots = [(LEFT + step * (place + 0.5), HEIGHT - BOTTOM - point.value / top * (HEIGHT - TOP - BOTTOM), point)
            for place, point in enumerate(points) if point.value is not None]  # fmt: skip
    drawn = [grid(top, marks, shown), *(f'<path class="line" d="{path}"/>' for path in paths(points, dots))]
    for x, y, point in dots:
        drawn.append(
            f'<g class="{"dot-of-line" if point.is_whole else "dot-of-line part"}"><title>{escape(point.said)}</title>'
            f'<circle class="reach" cx="{x:.1f}" cy="{y:.1f}" r="9"/><circle cx="{x:.1f}" cy="{y:.1f}" r="3"/></g>'
        )
    return svg(id, title, words, [*drawn, labels(points, step)])


def spark(id: str, title: str, words: str, values: list[float | None], least: float = 0) -> Markup:
    """The course of a few days in little room, without axes; its height is the greatest value, but not below `least`."""
    top = max([least, *(value for value in values if value is not None)]) or 1
    step = SPARK_WIDTH / max(1, len(values))
    drawn = []
    for place, value in enumerate(values):
        height = max(1.5, (value or 0) / top * (SPARK_HEIGHT - 2))
        if value is not None:
            drawn.append(f'<rect x="{step * place:.2f}" y="{SPARK_HEIGHT - height:.1f}" width="{step * 0.8:.2f}" '
                         f'height="{height:.1f}"/>')  # fmt: skip
    return svg(id, title, words, drawn, SPARK_WIDTH, SPARK_HEIGHT, "chart spark")


# ── parts of a chart ────────────────────────────────────────────────────────────────────────────────────────────────


def svg(id: str, title: str, words: str, drawn: list[str], width: int = WIDTH, height: int = HEIGHT,
        classes: str = "chart") -> Markup:  # fmt: skip
    return Markup(  # noqa: S704 every text in it is escaped
        f'<svg class="{classes}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="{id}-title {id}-words">'
        f'<title id="{id}-title">{escape(title)}</title><desc id="{id}-words">{escape(words)}</desc>'
        f"{''.join(drawn)}</svg>"
    )


def axis(points: list[Point], nice=NICE) -> tuple[float, list[float]]:
    """The top of the axis and the values at its lines: round numbers, the greatest value below or at the last."""
    greatest = max([point.value for point in points if point.value is not None], default=0)
    step = round_step(greatest / TICKS, nice)
    lines = max(1, math.ceil(greatest / step - 1e-9))
    return step * lines, [step * place for place in range(lines + 1)]


def round_step(least: float, nice=NICE) -> float:
    """The smallest round number that is not below `least`, and at least 1."""
    found = next((step for step in nice if step >= least), None)
    if found:
        return found
    power = 10 ** math.floor(math.log10(least))
    return next(step * power for step in NICE if step * power >= least - 1e-9)


def grid(top: float, marks: list[float], shown: Callable) -> str:
    drawn = []
    for mark in marks:
        y = HEIGHT - BOTTOM - mark / top * (HEIGHT - TOP - BOTTOM)
        drawn.append(f'<path class="rule" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
                     f'<text class="mark" x="{LEFT - 6}" y="{y + 4:.1f}">{escape(shown(mark))}</text>')  # fmt: skip
    return "".join(drawn)


def labels(points: list[Point], step: float) -> str:
    """The names of some points, as many as fit, always of the last."""
    every = max(1, math.ceil(len(points) / MOST_LABELS))
    drawn = []
    for place, point in enumerate(points):
        if (len(points) - 1 - place) % every:
            continue
        x = LEFT + step * (place + 0.5)
        side = " end" if x > WIDTH - 24 else ""
        drawn.append(f'<text class="label{side}" x="{WIDTH - RIGHT if side else x:.1f}" y="{HEIGHT - 8}">'
                     f"{escape(point.label)}</text>")  # fmt: skip
    return "".join(drawn)


def paths(points: list[Point], dots: list) -> list[str]:
    """The lines between neighbours that both have a value."""
    parts, places = [[]], iter(dots)
    for point in points:
        if point.value is None:
            parts.append([])
        else:
            x, y, _ = next(places)
            parts[-1].append(f"{x:.1f} {y:.1f}")
    return ["M" + "L".join(part) for part in parts if len(part) > 1]


def format_count(value: float) -> str:
    """1,200 as 1.2k, so that it fits beside the axis."""
    return f"{value / 1000:g}k" if value >= 1000 else f"{value:g}"
