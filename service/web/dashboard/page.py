"""The pages of the dashboard: each can undo the last action, and stands in the frame that counts what waits."""

from service.errors import ProofNeeded
from service.feedback import actions, guide, waiting
from service.web import page, pages
from service.web.guards import now, require_proof
from service.web.inputs import whole
from service.web.page import Done

UNDO = "undo"  # what a notice's form does, on every page


class Page(page.Page):
    """A page of the dashboard; the guard has set who asks. Its `delicate` deeds are done only by who has shown lately who
    they are: others get the page again, with all they typed, and the way to show it."""

    delicate: frozenset[str] = frozenset()
    refusals = (*page.REFUSALS, ProofNeeded)

    def on_post(self, req, resp, **place):
        if req.context.form.get("do") == UNDO:
            return self.answer(req, resp, undo(req), place)
        return super().on_post(req, resp, **place)

    def allow(self, req, deed, place):
        if self.is_delicate(req, deed, **place):
            require_proof(req)

    def is_delicate(self, _req, deed: str, **_place) -> bool:
        """Whether this asks for a proof. A page overrides it where that depends on what was typed."""
        return deed in self.delicate

    def refuse(self, req, resp, name, error, place):
        req.context.page["needs_proof"] = isinstance(error, ProofNeeded)
        super().refuse(req, resp, name, error, place)

    def refresh(self, req) -> None:
        req.context.page.update(now(req))


def undo(req) -> Done:
    """Take back the action that the notice of any page offers to undo."""
    taken = actions.undo(req.context.reader, whole(req.context.form.get("action", "")) or 0)
    if not taken.undone and not taken.left:
        return Done("This was undone before.")
    if not taken.undone:
        return Done(f"There was nothing left to undo: {posts(taken.left)} changed since, and stayed that way.")
    kept = f" What changed since stayed as it is: {posts(taken.left)}." if taken.left else ""
    return Done(f"Undone for {posts(taken.undone)}.{kept}")


def posts(count: int) -> str:
    return f"{count} post{'' if count == 1 else 's'}"


def render(req, resp, template: str, **values) -> None:
    """Answer with a page of the dashboard. Templates ask `form("name")` for what became of one of their forms; the layout
    asks `frame()` for what it counts."""
    pages.render(req, resp, template, form=page.sent(req), frame=lambda: frame(req), **{**values, **req.context.page})


def frame(req) -> tuple[waiting.Waiting, int]:
    """How much waits for the team, and how many of the first steps are left."""
    return waiting.count(req.context.reader), guide.left(req.context.workspace)


def at(req, path: str) -> str:
    """The address of a page of this workspace's dashboard."""
    return f"/app/{req.context.workspace.slug}/{path}"
