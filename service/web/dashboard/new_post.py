"""/app/{slug}/posts/new: a post on behalf of a user, who said it in a call or a letter, or as the team."""

import falcon

from service.feedback import boards, fields, posts, statuses, tags, users
from service.lib import tokens
from service.web import inputs
from service.web.dashboard import post_forms
from service.web.dashboard.page import Page, at, render
from service.web.guards import require_member
from service.web.page import Done


@falcon.before(require_member)
class NewPost(Page):
    def show(self, req, resp):
        reader, workspace = req.context.reader, req.context.workspace
        known = boards.of(reader)
        chosen = board_of(req, known)
        render(
            req, resp, "app/new_post.html", active="inbox", boards=known, statuses=statuses.of(workspace.id), chosen=chosen,
            tags=tags.of(reader), fields=fields.of(workspace.id, chosen), author=inputs.param(req, "author"),
            fields_differ=any(each.board for each in fields.of(workspace.id)), draft=tokens.secret(),
        )  # fmt: skip

    def write(self, req):
        form, board = req.context.form, board_of(req, boards.of(req.context.reader))
        said = post_forms.filled(req, board.key, {}) if board else {}
        values = {key: value for key, value in said.items() if value is not None}
        number = posts.create(
            author(req), form.get("title", ""), form.get("body", ""), board=board and board.key,
            status=form.get("status") or None, values=values or None, tagged=form.every("tags"),
            files=post_forms.files(req), submission=form.get("draft") or None,
        )  # fmt: skip
        return Done(f"#{number} was written.", to=at(req, f"posts/{number}"))

    def choose(self, _req):
        """Another board asks for other fields."""
        return Done(show={})

    deeds = {"write": write, "choose": choose}


def board_of(req, known: list[boards.Board]) -> boards.Board | None:
    """The board that the form or the address names, by default the first public one; None when there is no board at all."""
    wanted = req.context.form.get("board", "") if req.method == "POST" else inputs.param(req, "board")
    public = [each for each in known if each.access == "public"]
    return next((each for each in known if each.key == wanted), next(iter(public or known), None))


def author(req):
    """Who writes: the user whom the form names, or the member as themselves."""
    sought = req.context.form.get("author", "").strip()
    if not sought:
        user = users.of_member(req.context.workspace, req.context.person)
    else:
        with post_forms.field(user="author"):
            user = users.sought(req.context.workspace, sought, req.context.person.id)
    return req.context.reader._replace(user=user.id)
