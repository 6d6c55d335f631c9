"""The tag: what to put into a product, where it may be, and how it looks there."""

import falcon

from service.feedback import general, workspaces
from service.web import pages
from service.web.dashboard.settings import Setting
from service.web.guards import require_member
from service.web.page import Done


class Install(Setting):
    key = "install"

    def show(self, req, resp):
        workspace, config = workspaces.find(req.context.workspace.id), req.context.config
        self.render(
            req, resp, origins=workspace.origins, snippet=workspaces.snippet(workspace, config.base_url),
            base_url=config.base_url, widget_key=workspaces.widget_key(workspace), csp=pages.policy_for_customers(config),
        )  # fmt: skip

    def set_origins(self, req):
        form = req.context.form
        origins = general.set_origins(req.context.reader, form.get("origins", ""), seen=form.get("seen"))
        return Done("The list was saved." if origins else "The list is empty now: any site may show your widget.")

    deeds = {"origins": set_origins}


@falcon.before(require_member)
class Preview:
    """A page with this workspace's tag, for who has none of their own yet, and for the frame in the settings."""

    def on_get(self, req, resp):
        workspace, config = req.context.workspace, req.context.config
        pages.render(
            req, resp, "app/preview.html", script_url=f"{config.base_url}/w.js",
            widget_key=workspaces.widget_key(workspace), stream_url=config.stream_url,
        )  # fmt: skip
