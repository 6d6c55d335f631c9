"""How every page with forms works: GET shows it, POST does one of the things it offers, the answer to either is the page.

A form names what it does in its field `do`. What is refused is shown beside the fields, with everything that was typed. A
browser without our script is sent to the page anew (303), so that a reload does nothing twice; `page.js` asks for the page
at once (`Sayso-Quick`) and puts in what changed: one request."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from service.errors import Conflict, Invalid, Malformed, RateLimited
from service.web import forms, inputs, problems

QUICK, GO = "Sayso-Quick", "Sayso-Go"  # headers: of page.js, and of our answer to it: open that address instead
REFUSALS = (Invalid, Conflict, RateLimited)  # are shown in the page


class Done(NamedTuple):
    """What came of a form: what to say about it, the action that can be undone, and where to go from here (None: stay)."""

    said: str = ""
    undo: int | None = None
    to: str | None = None
    show: dict | None = None  # values for the page that stand in this one answer only: a new secret, a preview


class Typed(inputs.Form):
    """The fields of a form that was sent: one that is missing, like a box that was not ticked, is empty."""

    def __missing__(self, name: str) -> str:
        return ""


class Form(NamedTuple):
    """What a template knows of one of its forms: what must change, and what was typed; empty unless it was just sent."""

    errors: dict = {}
    values: dict = {}
    message: str = ""  # a refusal that belongs to no field


class Page:
    """A page: `show` renders it, `deeds` are what its forms do, each a method (self, req, **place) → Done or None."""

    deeds: dict[str, Callable] = {}
    refusals: tuple[type[Exception], ...] = REFUSALS

    def show(self, req, resp, **place) -> None:
        raise NotImplementedError

    def allow(self, req, deed: str, place: dict) -> None:
        """Raise one of the `refusals` unless who asks may do this here and now."""

    def refresh(self, req) -> None:
        """Read again what the page's frame tells of this moment: a form has changed it."""

    def on_get(self, req, resp, **place):
        self.show(req, resp, **place)

    def on_post(self, req, resp, **place):
        name = req.context.form.get("do", "")
        deed = self.deeds.get(name)
        if deed is None:
            raise Malformed("This form does nothing that this page offers. Reload the page and try again.")
        try:
            self.allow(req, name, place)
            done = deed(self, req, **place) or Done()
        except self.refusals as error:
            return self.refuse(req, resp, name, error, place)
        if done.show is not None:
            req.context.page.update(done.show)
            remember(req, name, Form(values=Typed(req.context.form.fields)))
        self.answer(req, resp, done, place)

    def refuse(self, req, resp, name: str, error: Exception, place: dict) -> None:
        """The page again, with what must change."""
        fields, message = self.reasons(req, error)
        remember(req, name, Form(fields, Typed(req.context.form.fields), message))
        self.show(req, resp, **place)
        resp.status = problems.status_of(error)
        if isinstance(error, RateLimited):
            resp.set_header("Retry-After", str(error.seconds))

    def reasons(self, _req, error: Exception) -> tuple[dict[str, str], str]:
        """What must change, by field, and what is said of a refusal that belongs to no field."""
        fields = getattr(error, "fields", {})
        return fields, "" if fields else str(error)

    def answer(self, req, resp, done: Done, place: dict) -> None:
        notice = {"said": done.said, "undo": done.undo} if done.said else None
        is_quick = req.get_header(QUICK)
        if done.show is not None or (is_quick and not done.to):
            self.refresh(req)
            req.context.page["notice"] = notice
            return self.show(req, resp, **place)
        forms.keep_notice(req, resp, notice)
        address = done.to or here(req)
        if is_quick:
            resp.status = 204
            resp.set_header(GO, address)
        else:
            resp.status, resp.location = 303, address


def here(req) -> str:
    """The address that the browser asked for, without the host."""
    return quote(req.context.asked) + (f"?{req.query_string}" if req.query_string else "")


def remember(req, name: str, form: Form) -> None:
    req.context.page["sent"] = {name: form}


def sent(req) -> Callable[[str], Form]:
    """What templates ask what became of one of their forms."""
    found = req.context.page.get("sent", {})
    return lambda name: found.get(name, Form())
