"""The roadmap as the team plans it: columns to move posts between, and within."""

from datetime import UTC, datetime

import falcon

from service.errors import Invalid
from service.feedback import boards, planning, roadmap, tags
from service.feedback.actions import UNDO_SECONDS
from service.web import inputs
from service.web.dashboard.page import Page, render
from service.web.dashboard.post_forms import day
from service.web.guards import require_member
from service.web.inputs import whole
from service.web.page import Done


@falcon.before(require_member)
class Roadmap(Page):
    def show(self, req, resp):
        reader = req.context.reader
        board, tag = inputs.param(req, "board"), inputs.param(req, "tag")
        columns, known = roadmap.columns(reader, board, tag), tags.of(reader)
        render(
            req, resp, "app/roadmap.html", active="roadmap", columns=columns, most_more=roadmap.MOST_MORE, board=board,
            tag=tag, boards=boards.of(reader), tags=known, known={each.key: each for each in known},
            today=datetime.now(UTC).date(),
        )  # fmt: skip

    def place(self, req):
        form = req.context.form
        sent, notify = whole(form.get("number", "")) or 0, "notify" in form
        action = roadmap.place(req.context.reader, sent, form.get("status", ""), below(form.get("after", "")), notify=notify,
                               seen=form.get("was") or None)  # fmt: skip
        if action is None:
            return Done("The order was saved.")
        told = f" Its followers get a letter in {UNDO_SECONDS} seconds." if notify else ""
        return Done(f"#{sent} is “{action.value}” now.{told}", undo=action.id)

    def set_eta(self, req):
        form = req.context.form
        sent = whole(form.get("number", "")) or 0
        planning.set_eta(req.context.reader, sent, day(form.get("eta", "")), seen=day(form.get("was", "")))
        return Done(f"The date of #{sent} was saved.")

    deeds = {"place": place, "eta": set_eta}


def below(typed: str) -> int | None:
    """The number of the post above; None for the top. Invalid when it is no number."""
    after = whole(typed.strip().removeprefix("#"))
    if typed.strip() and not after:
        raise Invalid(after="Write the number of a post, like 12, or leave this empty for the top.")
    return after
