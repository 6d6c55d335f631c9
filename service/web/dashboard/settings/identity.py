"""How a customer's server says who its users are: secrets, code that signs, and what is wrong with a token."""

from service.feedback import identity_secrets, workspaces
from service.web.dashboard.settings import Setting
from service.web.page import Done


class Identity(Setting):
    key = "identity"
    harmless = frozenset({"test"})

    def show(self, req, resp):
        kids = identity_secrets.kids(req.context.workspace)
        self.render(req, resp, kids=kids, kid=kids[0] if kids else None, secret=None, checks=None,
                    snippet=workspaces.snippet(req.context.workspace, req.context.config.base_url))  # fmt: skip

    def make(self, req):
        kid, secret = identity_secrets.create(req.context.workspace)
        return Done(f"The secret {kid} was made.", show={"secret": secret})

    def test(self, req):
        return Done(show={"checks": identity_secrets.examine(req.context.workspace, req.context.form.get("token", ""))})

    deeds = {"secret": make, "test": test}
