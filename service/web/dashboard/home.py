"""The way into the dashboard, and a new workspace."""

import falcon

from service import shapes
from service.errors import Invalid, ProofNeeded
from service.feedback import invitations, members
from service.web import forms, pages, tickets
from service.web.dashboard.settings.team import A_ROLE
from service.web.guards import require_member, require_person, require_proof
from service.web.widget import calls


@falcon.before(require_person)
class Home:
    """/app/ and /app/outbox and the like: that page of the workspace in the address, or of the one joined last."""

    def __init__(self, page: str):
        self.page = page

    def on_get(self, req, resp, slug=None):
        slug = slug or next((place.slug for place in members.places(req.context.person)), None)
        forms.keep_notice(req, resp, req.context.page["notice"])  # it is for the page to which this leads
        resp.status, resp.location = 303, f"/app/{slug}/{self.page}" if slug else "/app/new"


@falcon.before(require_person)
class NewWorkspace:
    """A workspace of one's own, or one that somebody asks one into."""

    def on_get(self, req, resp):
        self.show(req, resp, {}, {})

    def on_post(self, req, resp):
        try:
            if "join" in req.context.form:
                return join(req, resp, req.context.form["join"])
            workspace = members.found(req.context.form.get("name", ""), req.context.person)
        except ProofNeeded:
            resp.status, req.context.page["needs_proof"] = 403, True
            return self.show(req, resp, {}, {})
        except Invalid as error:
            resp.status = 422
            return self.show(req, resp, error.fields, req.context.form)
        resp.status, resp.location = 303, f"/app/{workspace.slug}/start"

    def show(self, req, resp, errors, values):
        pending = [(each, A_ROLE[each.role]) for each in invitations.pending(req.context.person)]
        pages.render(req, resp, "app/new_workspace.html", errors=errors, values=values, pending=pending)


def join(req, resp, slug: str) -> None:
    """A session that began with an older invitation's link must show who it is for another."""
    require_proof(req)
    invitations.join(req.context.person, slug)
    resp.status, resp.location = 303, f"/app/{slug}/inbox"


@falcon.before(require_member)
class Ticket:
    """A fresh address for the stream, for a page whose connection broke."""

    def on_get(self, req, resp):
        resp.cache_control = ["no-store"]
        shapes.answer(resp, calls.Stream(tickets.stream_url(req, req.context.session.id)))
