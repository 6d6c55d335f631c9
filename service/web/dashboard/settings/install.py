"""The tag: what to put into a product, where it may be, how it looks there, and the key in it."""

import falcon

from service.feedback import general, widget_keys, workspaces
from service.web import pages
from service.web.dashboard.settings import Setting
from service.web.guards import require_member
from service.web.inputs import whole
from service.web.page import Done


class Install(Setting):
    key = "install"
    delicate = frozenset({"rotate", "end", "origins"})

    def show(self, req, resp):
        workspace, config = workspaces.find(req.context.workspace.id), req.context.config
        self.render(
            req, resp, origins=workspace.origins, snippet=workspaces.snippet(workspace, config.base_url),
            base_url=config.base_url, widget_key=workspaces.widget_key(workspace), csp=pages.policy_for_customers(config),
            generation=workspace.key_generation, former=workspace.key_generation - workspace.key_oldest,
            former_seen=workspace.former_key_seen_at,
        )  # fmt: skip

    def set_origins(self, req):
        form = req.context.form
        origins = general.set_origins(req.context.reader, form.get("origins", ""), seen=form.get("seen"))
        return Done("The list was saved." if origins else "The list is empty now: any site may show your widget.")

    def rotate(self, req):
        widget_keys.rotate(req.context.reader, whole(req.context.form.get("seen", "")) or 0)
        return Done("A new key was made. Pages with a former one go on working.")

    def end(self, req):
        ended = widget_keys.end_former(req.context.reader, whole(req.context.form.get("seen", "")) or 0)
        return Done("Only the newest key works now." if ended else "There was no former key left.")

    deeds = {"origins": set_origins, "rotate": rotate, "end": end}


@falcon.before(require_member)
class Preview:
    """A page with this workspace's tag, for who has none of their own yet, and for the frame in the settings."""

    def on_get(self, req, resp):
        workspace, config = req.context.workspace, req.context.config
        pages.render(
            req, resp, "app/preview.html", script_url=f"{config.base_url}/w.js",
            widget_key=workspaces.widget_key(workspace), stream_url=config.stream_url,
        )  # fmt: skip
