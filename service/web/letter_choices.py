"""Choosing which letters one is sent: what a form for that shows, and what one says that was sent from behind the link of a
letter, by its reader or with one click in their mail program (RFC 8058)."""

from service import words
from service.feedback import preferences
from service.feedback.preferences import Preferences
from service.web import inputs
from service.web.page import Form

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # what a mail program posts
MULTIPART = "multipart/form-data"


def values(chosen: Preferences, form: Form) -> dict:
    """What the form of a member's preferences shows."""
    zone = chosen.time_zone if chosen.time_zone in preferences.zones() else preferences.UTC
    return {"preferences": form.values or chosen._replace(time_zone=zone)._asdict(), "errors": form.errors,
            "zones": by_region(), "languages": list(words.names().items())}  # fmt: skip


def by_region() -> dict[str, list[tuple[str, str]]]:
    """Region → (name, the place in it) of its time zones."""
    found = {}
    for name in preferences.zones():
        region, _, place = name.partition("/")
        found.setdefault(region if place else "", []).append((name, (place or name).replace("_", " ").replace("/", ", ")))
    return found


def sent(req) -> inputs.Form:
    """The fields of a form behind the link of a letter, which mail programs send in either of two ways."""
    if not (req.content_type or "").startswith(MULTIPART):
        return inputs.form(req)
    if (req.content_length or 0) > inputs.LARGEST_FORM:
        raise inputs.too_large(inputs.LARGEST_FORM)
    return inputs.Form({part.name: [part.text] for part in req.get_media() if part.name})


def is_one_click(form: inputs.Form) -> bool:
    """Whether it comes from a mail program, which follows no redirect."""
    return form.get(ONE_CLICK[0]) == ONE_CLICK[1]
