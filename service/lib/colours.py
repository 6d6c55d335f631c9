"""A customer's colour, made readable: on light and on dark pages, for text, buttons and what stands on them (WCAG 2.2,
relative luminance and contrast ratio)."""

from typing import NamedTuple

READABLE = 4.5  # contrast ratio of text (WCAG 1.4.3)
LIGHT, DARK = "#eef2f4", "#1e262d"  # the least favourable grounds of our pages (tokens.css: --sunk)
STEPS = 100


class Accent(NamedTuple):
    """A colour as it is shown on one ground."""

    shown: str  # links, buttons, what is chosen
    strong: str  # the same under the pointer
    on: str  # text on it
    tint: str  # ground of what is chosen
    contrast: float  # of `shown` as text

    @property
    def css(self) -> str:
        return f"--accent:{self.shown};--accent-strong:{self.strong};--on-accent:{self.on};--tint:{self.tint}"


def stylesheet(accent: str) -> str:
    """The colours of a page with this accent (#rrggbb), as CSS that goes before none of ours."""
    light, dark = accent_on(accent, LIGHT), accent_on(accent, DARK)
    return f":root{{{light.css}}}@media(prefers-color-scheme:dark){{:root{{{dark.css}}}}}"


def accent_on(colour: str, ground: str) -> Accent:
    """This colour as we show it on light or dark pages, whose least favourable ground this is."""
    shown, is_dark = readable(colour, ground), ground == DARK
    strong = towards(shown, "#ffffff" if is_dark else "#000000", 0.25)
    return Accent(shown, strong, on(shown), tint(shown, is_dark), contrast(shown, ground))


def tint(shown: str, is_dark: bool) -> str:
    """A breath of this colour on a card; the colour itself and soft text can be read in it (tokens.css: --card, --soft)."""
    card, soft = ("#161c22", "#9dabb8") if is_dark else ("#ffffff", "#566370")
    tried = (towards(shown, card, step / STEPS) for step in range(86, STEPS + 1))
    return next(each for each in tried if min(contrast(shown, each), contrast(soft, each)) >= READABLE)


def readable(colour: str, ground: str) -> str:
    """This colour, darker or lighter until text in it can be read on this ground."""
    goal = "#000000" if luminance(ground) > 0.18 else "#ffffff"
    tried = (towards(colour, goal, step / STEPS) for step in range(STEPS + 1))
    return next(each for each in tried if contrast(each, ground) >= READABLE)


def on(colour: str) -> str:
    """What can be read on this colour: white or nearly black."""
    return "#ffffff" if contrast("#ffffff", colour) >= READABLE else "#04161c"


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black and white)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def towards(colour: str, goal: str, share: float) -> str:
    """This colour with a share of another, 0 to 1."""
    mixed = (a + (b - a) * share for a, b in zip(parts(colour), parts(goal), strict=True))
    return "#" + "".join(f"{round(each * 255):02x}" for each in mixed)


def parts(colour: str) -> tuple[float, float, float]:
    return tuple(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
