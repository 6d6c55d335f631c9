"""What pages and letters say, in the language of whoever reads them: one catalogue a language, the widget's too
(widget/words/), and numbers and dates as they are written there (Babel)."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from functools import cache

from babel import Locale, dates, numbers

from service import files

ENGLISH = "en"
PLACE = re.compile(r"\{(\d)\}")
DATE_AFTER = timedelta(days=30)  # older than this, a date says more than an age


class Words:
    """A language: `words.close` is a text, `words.say("votes", 3)` one with its plural form and numbers put in."""

    def __init__(self, tag: str, texts: dict[str, str | dict[str, str]]):
        self.tag, self.texts, self.locale = tag, texts, Locale.parse(tag)
        self.dir = texts["dir"]

    def __getattr__(self, name: str) -> str:
        try:
            return self.texts[name]
        except KeyError:
            raise AttributeError(name) from None

    def say(self, name: str, *values: int | str) -> str:
        """The text of this name; `{0}`, `{1}` are the values. The first, a number, chooses among plural forms."""
        text = self.texts[name]
        if isinstance(text, dict):
            text = text.get(self.locale.plural_form(values[0]), text["other"])
        said = [self.number(value) if isinstance(value, int) else value for value in values]
        # in one go: a value is somebody's words, and may hold a {0} of its own
        return PLACE.sub(lambda place: said[int(place[1])] if int(place[1]) < len(said) else place[0], text)

    def number(self, value: int) -> str:
        """12,345"""
        return numbers.format_decimal(value, locale=self.locale)

    def date(self, at: date) -> str:
        """November 12, 2026, as they write it there"""
        return dates.format_date(at, "long", self.locale)

    def moment(self, at: datetime) -> str:
        """12 November 2026, 14:05"""
        both = dates.get_datetime_format("medium", self.locale)
        return both.replace("{1}", self.date(at)).replace("{0}", dates.format_time(at, "short", locale=self.locale))

    def span(self, first: date, last: date) -> str:
        """5 – 12 Nov 2026"""
        return dates.format_interval(first, last, "yMMMd", locale=self.locale)

    def ago(self, at: datetime) -> str:
        """5 minutes ago, then the date"""
        age = datetime.now(UTC) - at
        if age >= DATE_AFTER:
            return dates.format_date(at, "medium", self.locale)
        return dates.format_timedelta(-age, add_direction=True, locale=self.locale)


@cache
def catalogues() -> dict[str, Words]:
    """Every language there is, by its tag."""
    found = {}
    for path in sorted((files.root("widget") / "words").glob("*.json")):
        parts = json.loads(path.read_text())
        found[path.stem] = Words(path.stem, {name: text for part in parts.values() for name, text in part.items()})
    return found


@cache
def names() -> dict[str, str]:
    """What every language there is calls itself, by its tag."""
    return {tag: said.locale.get_display_name().capitalize() for tag, said in catalogues().items()}


def chosen(*wanted: str | None) -> Words:
    """The first of these language tags that there is a catalogue for, English at last. A tag may be a list of them as
    browsers send it (Accept-Language), the most wanted first or by `q`."""
    known = catalogues()
    for tags in filter(None, wanted):
        for tag in in_order(tags):
            if found := known.get(tag.partition("-")[0].lower()):
                return found
    return known[ENGLISH]


def in_order(tags: str) -> list[str]:
    """The tags of an Accept-Language (RFC 9110 §12.5.4), the most wanted first; what cannot be read is left out."""
    ranked = []
    for place, part in enumerate(tags[:500].split(",")):
        tag, _, quality = part.strip().partition(";q=")
        try:
            ranked.append((-float(quality or 1), place, tag.strip()))
        except ValueError:
            continue
    return [tag for quality, _, tag in sorted(ranked) if quality]
