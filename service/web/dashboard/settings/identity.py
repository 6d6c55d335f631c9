"""How a customer's server says who its users are: secrets, code that signs, and what is wrong with a token."""

from service.feedback import identity_secrets, workspaces
from service.web.dashboard.settings import Setting
from service.web.page import Done


class Identity(Setting):
    key = "identity"
    harmless = frozenset({"test"})
    delicate = frozenset({"secret", "end"})

    def show(self, req, resp):
        found = identity_secrets.of(req.context.reader)
        vouching = [each for each in found if each.vouches]
        self.render(
            req, resp, vouching=vouching, over=[each for each in found if not each.vouches], most=identity_secrets.MOST,
            overlaps=list(identity_secrets.OVERLAPS.items()), usual=identity_secrets.USUAL_OVERLAP,
            kid=vouching[0].kid if vouching else None, secret=None, checks=None,
            snippet=workspaces.snippet(req.context.workspace, req.context.config.base_url),
        )  # fmt: skip

    def make(self, req):
        overlap = req.context.form.get("overlap", identity_secrets.USUAL_OVERLAP)
        kid, secret = identity_secrets.make(req.context.reader, overlap)
        return Done(f"The secret {kid} was made.", show={"secret": secret})

    def end(self, req):
        kid = req.context.form.get("kid", "")
        identity_secrets.end(req.context.reader, kid)
        return Done(f"The secret {kid} no longer counts, and whom it vouched for is signed out.")

    def test(self, req):
        return Done(show={"checks": identity_secrets.examine(req.context.workspace, req.context.form.get("token", ""))})

    deeds = {"secret": make, "end": end, "test": test}
