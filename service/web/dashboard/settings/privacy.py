"""What stays of users who are erased; and the end of the workspace itself."""

from service.feedback import closing, remains
from service.web.dashboard.settings import Setting
from service.web.page import Done


class Privacy(Setting):
    key = "privacy"
    delicate = frozenset(["plan"])

    def show(self, req, resp):
        reader = req.context.reader
        self.render(req, resp, stays=remains.of(reader), standing=closing.of(reader), pays=closing.pays(reader),
                    days=closing.DAYS)  # fmt: skip

    def change(self, req):
        form = req.context.form
        remains.change(req.context.reader, posts=bool(form.get("posts")), votes=bool(form.get("votes")),
                       seen=form.get("seen"))  # fmt: skip
        return Done("The settings were saved.")

    def plan(self, req):
        closing.plan(req.context.reader, req.context.form.get("slug", ""))
        return Done("The workspace will be erased. Its owners and admins are told.")

    def keep(self, req):
        closing.call_off(req.context.reader)
        return Done("The workspace stays.")

    deeds = {"change": change, "plan": plan, "keep": keep}
