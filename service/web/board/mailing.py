"""What an address wants to be told, behind the link in every letter to it: no sign-in, and no more than one click to be left
alone, which mail programs also do by themselves (RFC 8058)."""

import falcon

from service.feedback import data_links, limits, mailings
from service.web import forms, inputs
from service.web.board.secret_link import SecretLink
from service.web.board.sign_in import absolute
from service.web.board.visiting import visit
from service.web.letter_choices import is_one_click, sent
from service.web.page import here


@falcon.before(visit)
class Mailing(SecretLink):
    """The secret in its address is all that its forms need, wherever they come from."""

    template = "board/mailing.html"
    is_proven = True

    def look(self, req, secret):
        email = mailings.opened(req.context.workspace, secret)
        return {"email": email, "mailing": mailings.of(req.context.workspace.id, email), "kinds": mailings.KINDS,
                "kind": kind(req), "is_done": False}  # fmt: skip

    def act(self, req, resp, secret):
        form, email = sent(req), mailings.opened(req.context.workspace, secret)
        if is_one_click(form):  # a mail program, which would follow no redirect
            mailings.mute(req.context.workspace, email, kind(req))
            return self.show(req, resp, **{**self.look(req, secret), "is_done": True})
        if form.get("do") == "data":
            return self.send_data_link(req, resp, email)
        self.choose(req, email, form)
        if form.get("do") != "stop" or not kind(req):  # then the page itself says that these letters have ended
            forms.keep_notice(req, resp, {"said": req.context.words.lettersSaved, "undo": None})
        return here(req)

    @staticmethod
    def send_data_link(req, resp, email: str) -> str:
        """Never the data themselves: a letter that was passed on leads here, too."""
        words = req.context.words
        data_links.ask(req.context.workspace, email, locale=words.tag, home=absolute(req),
                       network=limits.network(req.remote_addr))  # fmt: skip
        forms.keep_notice(req, resp, {"said": words.say("subscribeSent", email), "undo": None})
        return here(req)

    @staticmethod
    def choose(req, email: str, form: inputs.Form) -> None:
        if form.get("do") == "stop":
            mailings.mute(req.context.workspace, email, form.get("kind"))
        else:
            mailings.choose(req.context.workspace, email, form.every("kind"), req.context.words.tag)


def kind(req) -> str:
    """The kind of letter in which they followed the link."""
    said = req.params.get("kind", "")
    return said if said in mailings.KINDS else ""
