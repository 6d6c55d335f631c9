"""What an address wants to be told, behind the link in every letter to it: no sign-in, and no more than one click to be left
alone, which mail programs also do by themselves (RFC 8058)."""

import falcon

from service.errors import Unauthenticated
from service.feedback import mailings
from service.web import forms, inputs
from service.web.board.visiting import render, visit
from service.web.page import here

ONE_CLICK = ("List-Unsubscribe", "One-Click")  # what a mail program posts
MULTIPART = "multipart/form-data"


@falcon.before(visit)
class Mailing:
    """Opening the page changes nothing. The secret in its address is all that its forms need, wherever they come from."""

    is_proven = True

    def on_get(self, req, resp, token):
        email = owner(req, resp, token)
        if email:
            show(req, resp, email=email)

    def on_post(self, req, resp, token):
        form, email = sent(req), owner(req, resp, token)
        if not email:
            return None
        workspace = req.context.workspace
        if form.get(ONE_CLICK[0]) == ONE_CLICK[1]:
            mailings.mute(workspace, email, kind(req))
            return show(req, resp, email=email, is_done=True)
        self.choose(req, email, form)
        forms.keep_notice(req, resp, {"said": req.context.words.lettersSaved, "undo": None})
        resp.status, resp.location = 303, here(req)
        resp.set_header("Referrer-Policy", "no-referrer")
        return None

    @staticmethod
    def choose(req, email: str, form: inputs.Form) -> None:
        if form.get("do") == "stop":
            mailings.mute(req.context.workspace, email, form.get("kind"))
        else:
            mailings.choose(req.context.workspace, email, form.every("kind"), req.context.words.tag)


def owner(req, resp, token: str) -> str:
    """Whose link this is; nobody's, and that is said, when it does not hold."""
    try:
        return mailings.opened(req.context.workspace, token)
    except Unauthenticated:
        show(req, resp)
        resp.status = 401
        return ""


def kind(req) -> str:
    """The kind of letter in which they followed the link."""
    said = req.params.get("kind", "")
    return said if said in mailings.KINDS else ""


def sent(req) -> inputs.Form:
    """The fields of a form, which mail programs send in either of two ways."""
    if not (req.content_type or "").startswith(MULTIPART):
        return inputs.form(req)
    if (req.content_length or 0) > inputs.LARGEST_FORM:
        raise inputs.too_large(inputs.LARGEST_FORM)
    return inputs.Form({part.name: [part.text] for part in req.get_media() if part.name})


def show(req, resp, *, email: str = "", is_done: bool = False) -> None:
    mailing = mailings.of(req.context.workspace.id, email) if email else None
    render(req, resp, "board/mailing.html", is_private=True, email=email, mailing=mailing, kinds=mailings.KINDS,
           kind=kind(req), is_done=is_done)  # fmt: skip
    resp.set_header("Referrer-Policy", "no-referrer")
