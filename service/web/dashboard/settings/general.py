"""What the workspace is called, its language, how long users may change what they wrote, and whom it asks for an address."""

from service.feedback import general, languages
from service.web.dashboard.settings import Setting
from service.web.inputs import whole
from service.web.page import Done

ASK_EMAIL = [
    ("no", "No"),
    ("optional", "Optional: they can leave it empty"),
    ("required", "Required: no post without one"),
]


class General(Setting):
    key = "general"

    def show(self, req, resp):
        self.render(req, resp, general=general.of(req.context.reader), languages=list(languages.LANGUAGES.items()),
                    ask_email=ASK_EMAIL)  # fmt: skip

    def change(self, req):
        form = req.context.form
        minutes = whole(form.get("edit_minutes", "").strip())
        general.change(
            req.context.reader, name=form.get("name", ""), language=form.get("language", ""),
            edit_minutes=-1 if minutes is None else minutes, ask_email=form.get("ask_email"), seen=form.get("seen"),
        )  # fmt: skip
        return Done("The settings were saved.")

    deeds = {"change": change}
