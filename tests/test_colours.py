"""Whatever colour a customer has, what is written in it, on it and beside it can be read, on light pages and dark."""

import itertools
import re

import pytest

from service.lib import colours
from service.web import assets
from service.web.dashboard.settings import brand


def whole(colour: str) -> str:
    """#rrggbb, also of #rgb."""
    return colour if len(colour) == 7 else "#" + "".join(part * 2 for part in colour[1:])

STEPS = ("00", "2b", "55", "80", "aa", "d5", "ff")
EVERY = ["#" + "".join(parts) for parts in itertools.product(STEPS, repeat=3)]
LIGHT, DARK = (dict(re.findall(r"--(\w[\w-]*): (#\w+);", theme)) for theme in
               re.findall(r":root \{(.*?)\}", (assets.FOLDER / "tokens.css").read_text(), re.DOTALL))  # fmt: skip
GROUNDS, INKS = ({colours.LIGHT: [whole(LIGHT[name]) for name in names], colours.DARK: [whole(DARK[name]) for name in names]}
                 for names in (("paper", "card", "sunk"), ("ink", "soft")))  # fmt: skip


def test_our_own_colours_are_those_of_the_stylesheet():
    assert (LIGHT["sunk"], DARK["sunk"], LIGHT["accent"]) == (colours.LIGHT, colours.DARK, brand.USUAL_ACCENT)


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_colour_can_be_read_on_every_ground_and_so_can_what_stands_on_it(ground):
    for colour in EVERY:
        made = colours.accent_on(colour, ground)
        pairs = [(made.shown, each) for each in (*GROUNDS[ground], made.tint)] + [(made.strong, made.tint)]
        pairs += [(made.on, made.shown), (made.on, made.strong)] + [(ink, made.tint) for ink in INKS[ground]]
        assert all(colours.contrast(*pair) >= colours.READABLE for pair in pairs), (colour, made)


def test_a_colour_that_can_be_read_stays_as_it_is():
    assert colours.readable("#0b667f", colours.LIGHT) == "#0b667f"
    assert colours.readable("#ffd800", colours.DARK) == "#ffd800"
    assert colours.readable("#ffd800", colours.LIGHT) != "#ffd800"


def test_the_contrast_is_that_of_wcag():
    assert colours.contrast("#000000", "#ffffff") == 21
    assert colours.contrast("#777777", "#777777") == 1
    assert round(colours.contrast("#767676", "#ffffff"), 2) == 4.54


def test_the_stylesheet_says_all_of_it_for_both_themes():
    style = colours.stylesheet("#ff69b4")
    assert re.fullmatch(r":root\{[^{}]+\}@media\(prefers-color-scheme:dark\)\{:root\{[^{}]+\}\}", style)
    assert all(style.count(f"{name}:#") == 2 for name in ("--accent", "--accent-strong", "--on-accent", "--tint"))
