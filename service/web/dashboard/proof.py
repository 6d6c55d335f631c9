"""Showing once more who one is, before what is delicate: the page that was refused asks for a letter; its link, opened in
the same browser, proves it. A link to a new address works likewise."""

import falcon

from service import words
from service.errors import Conflict, ProofNeeded, RateLimited, Unauthenticated
from service.feedback import account, proofs, sign_in
from service.web import forms, pages, problems
from service.web.guards import require_person, require_proof
from service.web.page import QUICK

PATH = "/app/prove"


def require_for_a_file(req) -> None:
    """As `require_proof`, where no page can be shown again: who must prove first who they are is sent there."""
    try:
        require_proof(req)
    except ProofNeeded as needed:
        raise falcon.HTTPSeeOther(PATH) from needed


@falcon.before(require_person)
class Proof:
    """Sends the letter. GET is for what has no form, like a file that is fetched."""

    def on_get(self, req, resp):
        show(req, resp)

    def on_post(self, req, resp):
        try:
            proofs.ask(req.context.session, language(req))
        except RateLimited as error:
            resp.status = problems.status_of(error)
            resp.set_header("Retry-After", str(error.seconds))
            return show(req, resp, refused=str(error))
        show(req, resp, is_asked=True)


class Link:
    """Opening a link changes nothing (mail scanners open links); its button does."""

    def on_get(self, req, resp, secret):
        try:
            require_person(req, resp, self, {})
        except falcon.HTTPSeeOther:  # it may hold in the browser in which they are signed in
            return gone(req, resp, Unauthenticated(sign_in.ELSEWHERE))
        try:
            link = account.look(req.context.session, secret)
        except (Unauthenticated, Conflict) as refused:
            return gone(req, resp, refused)
        pages.render(req, resp, "app/prove_link.html", proved=link)

    @falcon.before(require_person)
    def on_post(self, req, resp, secret):
        try:
            link, session = account.redeem(req.context.session, secret, language(req))
        except (Unauthenticated, Conflict) as refused:
            return gone(req, resp, refused)
        forms.keep_session(req, resp, session)
        pages.render(req, resp, "app/prove_done.html", proved=link)


def show(req, resp, is_asked: bool = False, refused: str = "") -> None:
    """As a page of its own, or for page.js as the part of the page from which it was asked."""
    template = "app/prove_quick.html" if req.get_header(QUICK) else "app/prove.html"
    pages.render(req, resp, template, smtp=bool(req.context.config.smtp_url), is_asked=is_asked, refused=refused)


def gone(req, resp, refused: Exception) -> None:
    resp.status = problems.status_of(refused)
    pages.render(req, resp, "app/prove_gone.html", why=str(refused))


def language(req) -> str:
    return words.chosen(req.get_header("Accept-Language")).tag
