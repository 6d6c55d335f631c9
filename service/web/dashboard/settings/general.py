"""What the workspace is called, its language, and how long users may change what they wrote."""

from service.feedback import general
from service.web.dashboard.page import Done, whole
from service.web.dashboard.settings import Setting


class General(Setting):
    key = "general"

    def show(self, req, resp):
        self.render(req, resp, general=general.of(req.context.reader), languages=list(general.LANGUAGES.items()))

    def change(self, req):
        form = req.context.form
        minutes = whole(form.get("edit_minutes", "").strip())
        general.change(
            req.context.reader, name=form.get("name", ""), language=form.get("language", ""),
            edit_minutes=-1 if minutes is None else minutes, seen=form.get("seen"),
        )  # fmt: skip
        return Done("The settings were saved.")

    deeds = {"change": change}
