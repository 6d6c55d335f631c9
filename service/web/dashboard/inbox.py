"""What arrived: the list that a member keeps open, and one post of it."""

import falcon

from service import db
from service.errors import Invalid
from service.feedback import activity, comments, lists, planning, posts, similar, statuses, votes, workspaces
from service.web import inputs, pages
from service.web.guards import require_member
from service.web.pages import query
from service.web.rows import StatusCount, row


@falcon.before(require_member)
class Inbox:
    def on_get(self, req, resp):
        workspace = req.context.workspace
        sort, status = inputs.param(req, "sort", "new"), inputs.param(req, "status")
        q = inputs.param(req, "q")
        page = lists.page(req.context.reader, sort=sort, status=status, q=q, cursor=inputs.param(req, "cursor"))
        counts = lists.counts(req.context.reader)
        shown = [StatusCount(*each[1:], posts=counts[each.key]) for each in statuses.of(workspace.id)]
        pages.render(
            req, resp, "app/inbox.html", active="inbox", posts=[row(req, post) for post in page.posts], statuses=shown,
            chosen=status, sort=sort, q=q, total=sum(counts.values()),
            next_url=page.next_cursor and query(status=status, sort=sort, q=q, cursor=page.next_cursor),
            snippet=workspaces.snippet(workspace, req.context.config.base_url),
        )  # fmt: skip


@falcon.before(require_member)
class Post:
    def on_get(self, req, resp, number):
        show(req, resp, number)


@falcon.before(require_member)
class Status:
    def on_get(self, req, resp, number):
        back(req, resp, number)  # who reloads after a form was refused

    def on_post(self, req, resp, number):
        context, form = req.context, req.context.form
        try:
            planning.set_status(context.reader, number, form.get("status", ""), form.get("note", ""),
                                notify="notify" in form)  # fmt: skip
        except Invalid as error:
            resp.status = 422
            return show(req, resp, number, errors=error.fields, values=form)
        back(req, resp, number)


def back(req, resp, number: int) -> None:
    resp.status, resp.location = 303, f"/app/{req.context.workspace.slug}/posts/{number}"


def hints(reader, post) -> list:
    """Posts like this one; none when that takes too long: the page is worth more than its hints."""
    try:
        return similar.find(reader, f"{post.title}\n{post.body}", beside=post.number)
    except db.GONE:
        return []


def by_revenue(voters: list) -> list:
    return sorted(voters, key=lambda voter: voter.mrr or 0, reverse=True)


def show(req, resp, number: int, errors=(), values=()) -> None:
    workspace = req.context.workspace
    post = posts.find(req.context.reader, number)
    likes = hints(req.context.reader, post)
    pages.render(
        req, resp, "app/post.html", active="inbox", post=row(req, post), statuses=statuses.of(workspace.id),
        history=activity.history(workspace.id, number), voters=by_revenue(votes.voters(workspace.id, number)),
        comments=comments.of(req.context.reader, number), errors=dict(errors), values=dict(values),
        similar=[{"post": row(req, hit.post), "why": hit.why, "score": hit.score} for hit in likes],
    )  # fmt: skip
