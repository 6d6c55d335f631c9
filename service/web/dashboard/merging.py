"""/app/{slug}/posts/{n}/merge?into=m: two posts side by side, and what would move, before one becomes part of the other."""

import falcon

from service.errors import Conflict, Invalid
from service.feedback import actions, lists, merges, posts
from service.web import inputs
from service.web.dashboard.page import Page, at, render
from service.web.guards import require_member
from service.web.inputs import whole
from service.web.page import Done


@falcon.before(require_member)
class Merging(Page):
    def show(self, req, resp, number):
        reader, sought = req.context.reader, wanted(req)
        post, into = posts.find(reader, number), whole(sought.removeprefix("#"))
        found = posts.these(reader, [into]) if into else []
        shown = {"post": post, "into": found[0] if found else None, "sought": sought, "preview": None, "why_not": "",
                 "hits": []}  # fmt: skip
        if into:
            shown |= preview(reader, number, into)
        elif sought:
            there = lists.page(reader, q=sought, limit=11, bounded=True).posts
            shown["hits"] = [hit for hit in there if hit.number != number][:10]
        render(req, resp, "app/merge.html", active="inbox", **shown)

    def merge(self, req, number):
        into = wanted(req)
        action = actions.take(req.context.reader, "merge", [number], into)
        there = at(req, f"posts/{actions.post_number(into)}")
        return Done(f"#{number} is a part of this post now.", undo=action and action.id, to=there)

    deeds = {"merge": merge}


def wanted(req) -> str:
    """The number of the other post as it was written, or words to find it by."""
    sent = req.context.form.get("into") if req.method == "POST" else None
    return (inputs.param(req, "into") if sent is None else sent).strip()[: lists.LONGEST_SEARCH]


def preview(reader, number: int, into: int) -> dict:
    try:
        return {"preview": merges.preview(reader, number, into)}
    except (Invalid, Conflict) as error:
        return {"why_not": str(error)}
