"""Which letters the member who looks at it gets, when, and in which language: everyone of the team has their own."""

from service import words
from service.feedback import preferences
from service.feedback.preferences import Preferences
from service.web.dashboard.settings import Setting
from service.web.letter_choices import values
from service.web.page import Done, sent


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
