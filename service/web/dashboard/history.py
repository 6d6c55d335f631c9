"""What the team did to posts, and the way back."""

import falcon

from service.feedback import actions
from service.web import inputs
from service.web.dashboard.page import Page, number, posts, render
from service.web.guards import require_member
from service.web.pages import query

SAID = {
    "status": "{posts} set to {value}", "tag": "{posts} tagged “{value}”", "untag": "tag “{value}” taken off {posts}",
    "assign": "{posts} assigned to {value}", "board": "{posts} moved to {value}", "merge": "{posts} merged into {value}",
    "delete": "{posts} deleted", "pin": "{posts} pinned", "unpin": "{posts} unpinned", "lock": "{posts} locked",
    "unlock": "{posts} unlocked",
}  # fmt: skip


def said(action) -> str:
    """An action in words: 3 posts set to Planned."""
    words = SAID[action.kind] if action.kind != "assign" or action.value else "{posts} assigned to nobody"
    line = words.format(posts=posts(action.posts), value=action.value)
    return line[0].upper() + line[1:]


@falcon.before(require_member)
class History(Page):
    def show(self, req, resp):
        found = actions.latest(req.context.reader, actions.PAGE + 1, number(inputs.param(req, "before")))
        more = len(found) > actions.PAGE
        done = [(action, said(action)) for action in found[: actions.PAGE]]
        render(req, resp, "app/history.html", active="history", done=done,
               next_url=query(before=str(done[-1][0].id)) if more else None)  # fmt: skip
