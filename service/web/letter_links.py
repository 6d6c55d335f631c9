"""What a member wants to be sent, behind the link in every letter to them: no sign-in, and no more than one click to be left
alone, which mail programs also do by themselves (RFC 8058).

The secret in its address is all that its forms need, wherever they come from. Opening it changes nothing: mail scanners open
links."""

from service import words
from service.errors import Invalid, NotFound, Unauthenticated
from service.feedback import limits, preferences, workspaces
from service.feedback.preferences import Preferences
from service.feedback.readers import Reader
from service.web import forms, pages, problems
from service.web.letter_choices import is_one_click, sent, values
from service.web.page import Form, Typed, here


class LetterLink:
    """One member's letters from one workspace."""

    def on_get(self, req, resp, secret):
        limits.letter_choices(limits.network(req.remote_addr))
        self.show(req, resp, secret)

    def on_post(self, req, resp, secret):
        limits.letter_choices(limits.network(req.remote_addr))
        form = sent(req)
        try:
            self.act(req, resp, secret, form)
        except Invalid as error:
            self.show(req, resp, secret, form=Form(error.fields, Typed(form.fields)))
            resp.status = problems.status_of(error)
        except (NotFound, Unauthenticated) as error:
            self.refuse(req, resp, error)

    def act(self, req, resp, secret: str, form) -> None:
        workspace_id, person = preferences.opened(secret)
        if is_one_click(form):  # perhaps years later
            preferences.stop(workspace_id, person, kind(req))
            return self.show(req, resp, secret, is_done=True)
        if form.get("do") == "stop":
            preferences.stop(workspace_id, person, form.get("kind", ""))
        else:
            reader = Reader(workspaces.find(workspace_id), is_member=True, person=person)
            preferences.choose(reader, *(form.get(name, "") for name in Preferences._fields))
        said = words.chosen(preferences.of(workspace_id, person).locale)
        forms.keep_notice(req, resp, {"said": said.lettersSaved, "undo": None})
        resp.status, resp.location = 303, here(req)

    def show(self, req, resp, secret: str, *, is_done: bool = False, form: Form = Form()) -> None:  # noqa: B008
        try:
            workspace_id, person = preferences.opened(secret)
            chosen, email = preferences.of(workspace_id, person), preferences.email(workspace_id, person)
            workspace = workspaces.find(workspace_id)
        except (NotFound, Unauthenticated) as error:
            self.refuse(req, resp, error)
            resp.status = 200 if is_done and isinstance(error, NotFound) else resp.status
            return
        followed = kind(req)
        has_ended = bool(followed) and chosen._asdict()[preferences.CHOICE[followed]] == "off"
        told = {"has_ended": has_ended, "is_done": is_done, "notice": forms.take_notice(req, resp)}
        render(req, resp, words.chosen(chosen.locale), code="", workspace=workspace, email=email, kind=followed, **told,
               **values(chosen, form))  # fmt: skip

    def refuse(self, req, resp, error: Exception) -> None:
        code = "gone" if isinstance(error, NotFound) else "broken"
        render(req, resp, words.chosen(req.get_header("Accept-Language")), code=code, workspace=None, notice=None)
        resp.status = problems.status_of(error)


def kind(req) -> str:
    """The kind of letter in which they followed the link; empty for those that one click does not end."""
    said = req.params.get("kind", "")
    return said if isinstance(said, str) and said in preferences.CHOICE else ""


def render(req, resp, said: words.Words, **shown) -> None:
    pages.render(req, resp, "letters.html", words=said, **shown)
    resp.cache_control = ["no-store"]
