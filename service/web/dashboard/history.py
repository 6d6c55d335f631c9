"""What the team did to posts, and the way back."""

import falcon

from service.feedback import history
from service.web import inputs
from service.web.dashboard.page import Page, posts, render
from service.web.guards import require_member
from service.web.inputs import whole
from service.web.pages import query

SAID = {
    "status": "{posts} set to {value}", "tag": "{posts} tagged “{value}”", "untag": "tag “{value}” taken off {posts}",
    "assign": "{posts} assigned to {value}", "board": "{posts} moved to {value}", "merge": "{posts} merged into {value}",
    "delete": "{posts} deleted", "pin": "{posts} pinned", "unpin": "{posts} unpinned", "lock": "{posts} locked",
    "unlock": "{posts} unlocked",
}  # fmt: skip


NOTED = "a note about {value} written for {posts}"  # that had this status before
NOBODY = "{posts} assigned to nobody"


def said(action) -> str:
    """An action in words: 3 posts set to Planned."""
    words = SAID[action.kind] if action.kind != "assign" or action.value else NOBODY
    parts = [(words, action.posts - action.noted), (NOTED, action.noted)]
    line = ", ".join(words.format(posts=posts(count), value=action.value) for words, count in parts if count)
    return line[0].upper() + line[1:]


@falcon.before(require_member)
class History(Page):
    def show(self, req, resp):
        found = history.latest(req.context.reader, history.PAGE + 1, whole(inputs.param(req, "before")))
        more = len(found) > history.PAGE
        done = [(action, said(action)) for action in found[: history.PAGE]]
        render(req, resp, "app/history.html", active="history", done=done,
               next_url=query(before=str(done[-1][0].id)) if more else None)  # fmt: skip
