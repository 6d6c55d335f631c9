"""The snippet, the origins it may be on, and the secret that signs users' tokens."""

import falcon

from service.errors import Forbidden, Invalid
from service.feedback import identity_secrets, keys, workspaces
from service.web import pages
from service.web.guards import require_member

KEY_NAME = "dashboard"


@falcon.before(require_member)
class Settings:
    def on_get(self, req, resp):
        show(req, resp)

    def on_post(self, req, resp):
        require_admin(req)
        try:
            workspaces.set_origins(req.context.workspace, req.context.form.get("origins", ""))
        except Invalid as error:
            resp.status = 422
            return show(req, resp, errors=error.fields, values=req.context.form)
        resp.status, resp.location = 303, f"/app/{req.context.workspace.slug}/settings#origins"


@falcon.before(require_member)
class IdentitySecret:
    """Makes a secret and shows it in this one answer."""

    def on_get(self, req, resp):
        resp.status, resp.location = 303, f"/app/{req.context.workspace.slug}/settings"

    def on_post(self, req, resp):
        require_admin(req)
        kid, secret = identity_secrets.create(req.context.workspace)
        show(req, resp, kid=kid, secret=secret)


@falcon.before(require_member)
class ApiKey:
    """Makes the workspace's API key and shows it in this one answer; the one before it ends."""

    def on_get(self, req, resp):
        resp.status, resp.location = 303, f"/app/{req.context.workspace.slug}/settings"

    def on_post(self, req, resp):
        require_admin(req)
        show(req, resp, api_key=keys.replace(req.context.workspace, req.context.person, KEY_NAME))


def require_admin(req) -> None:
    if req.context.role == "member":
        raise Forbidden("Only owners and admins of this workspace can change its settings.")


def show(req, resp, kid=None, secret=None, api_key=None, errors=(), values=()) -> None:
    workspace, config = req.context.workspace, req.context.config
    kids = identity_secrets.kids(workspace)
    pages.render(
        req, resp, "app/settings.html", active="settings", origins=workspace.origins, secret=secret, api_key=api_key,
        kid=kid or (kids[0] if kids else None), kids=kids, errors=dict(errors), values=dict(values),
        snippet=workspaces.snippet(workspace, config.base_url),
        csp=pages.policy_for_customers(config),
    )  # fmt: skip
