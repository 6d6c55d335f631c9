"""The settings: a page for each word, and one way in which they all work. Members read, owners and admins change them."""

import falcon

from service.feedback import plan_limits, versions
from service.web.dashboard.page import Page, at, render
from service.web.guards import require_admin, require_member

PAGES = (
    ("", "Install", "install"), ("/general", "General", "general"), ("/brand", "Brand", "brand"),
    ("/identity", "Identity", "identity"),
    ("/boards", "Boards", "boards"), ("/statuses", "Statuses", "statuses"), ("/tags", "Tags", "tags"),
    ("/fields", "Fields", "fields"), ("/team", "Team", "team"), ("/billing", "Billing", "billing"),
    ("/keys", "API keys", "keys"),
    ("/webhooks", "Webhooks", "webhooks"), ("/import", "Import", "import"), ("/export", "Export", "export"),
    ("/privacy", "Privacy", "privacy"), ("/audit", "Audit log", "audit"), ("/account", "Your account", "account"),
    ("/letters", "Your letters", "letters"),
)  # fmt: skip
NAMES = {key: name for _, name, key in PAGES}
FOR_ADMINS = {"audit", "billing", "export", "import"}  # the others do not even read it


@falcon.before(require_member)
class Setting(Page):
    """One page of the settings, called `key`."""

    key = ""
    template = ""  # if it is not called like the page
    harmless: frozenset[str] = frozenset()  # deeds that change nothing of the workspace, which every member may do

    def on_post(self, req, resp, **place):
        if req.context.form.get("do") not in self.harmless:
            require_admin(req)
        super().on_post(req, resp, **place)

    def render(self, req, resp, **values) -> None:
        items = [(at(req, f"settings{path}"), name, key) for path, name, key in PAGES
                 if (req.context.role != "member" or key not in FOR_ADMINS) and (key != "billing" or plan_limits.is_on())]
        template = f"app/settings/{self.template or self.key}.html"
        render(req, resp, template, active="settings", setting=self.key, settings=items,
               title=NAMES[self.key], version=versions.version, **values)  # fmt: skip
