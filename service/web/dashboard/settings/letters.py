"""Which letters the member who looks at it gets, when, and in which language: everyone of the team has their own."""

from service import words
from service.feedback import preferences
from service.feedback.preferences import Preferences
from service.web.dashboard.settings import Setting
from service.web.page import Done, Form, sent


class Letters(Setting):
    key = "letters"
    harmless = frozenset(["choose"])

    def show(self, req, resp):
        chosen = preferences.of(req.context.workspace.id, req.context.person.id)
        self.render(req, resp, words=words.catalogues()[words.ENGLISH], email=req.context.person.email,
                    smtp=bool(req.context.config.smtp_url), **values(chosen, sent(req)("choose")))  # fmt: skip

    def choose(self, req):
        form = req.context.form
        preferences.choose(req.context.reader, *(form.get(name, "") for name in Preferences._fields))
        return Done("Saved. You get just these letters.")

    deeds = {"choose": choose}


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
