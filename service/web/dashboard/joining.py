"""The page behind the link in an invitation: it says who invites to what; its button joins and signs in."""

import falcon

from service.errors import Unauthenticated
from service.feedback import invitations, sign_in
from service.web import forms, pages
from service.web.dashboard.settings.team import A_ROLE
from service.web.dashboard.sign_in import origin
from service.web.forms import BROWSER_COOKIE, SESSION_COOKIE, same_browser

INSTEAD = "instead"  # says the form of who is signed in as somebody else, and knows that this ends


@falcon.before(same_browser)
class Joining:
    """Opening the link changes nothing: mail scanners open links."""

    def on_get(self, req, resp, place, secret):
        self.show(req, resp, place, secret)

    def on_post(self, req, resp, place, secret):
        session = here(req)
        try:
            invitation = invitations.look(place, secret)
            if is_another(session, invitation) and (invitation.is_known or not req.context.form.get(INSTEAD)):
                return self.show(req, resp, place, secret, 409)
            if invitation.is_known and session is None:
                return self.show(req, resp, place, secret, 401)
            invitation, begun = invitations.accept(place, secret, origin(req), session and session.person)
        except Unauthenticated as refused:
            return gone(req, resp, refused)
        if begun:
            enter(req, resp, session, begun)
        resp.status, resp.location = 303, f"/app/{invitation.slug}/inbox"

    def show(self, req, resp, place, secret, status=200):
        try:
            invitation = invitations.look(place, secret)
        except Unauthenticated as refused:
            return gone(req, resp, refused)
        resp.status, session = status, here(req)
        pages.render(req, resp, "app/join.html", invitation=invitation, role=A_ROLE[invitation.role],
                     other=session.person.email if is_another(session, invitation) else None,
                     signs_in=invitation.is_known and (session is None or is_another(session, invitation)))  # fmt: skip


def enter(req, resp, session: sign_in.Session | None, begun: str) -> None:
    """Know this browser by the session that has begun, and by no other."""
    if session:
        sign_in.sign_out(session)
    forms.keep_session(req, resp, begun)
    forms.drop_cookie(req, resp, BROWSER_COOKIE)


def here(req) -> sign_in.Session | None:
    """The session of this browser, if there is one."""
    return sign_in.who(req.cookies.get(forms.cookie(req, SESSION_COOKIE)))


def is_another(session: sign_in.Session | None, invitation: invitations.Invitation) -> bool:
    return session is not None and session.person.id != invitation.person.id


def gone(req, resp, refused: Unauthenticated) -> None:
    resp.status = 401
    pages.render(req, resp, "app/join_gone.html", why=str(refused), is_here=here(req) is not None)
