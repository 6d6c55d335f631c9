"""Posts through the widget: the list, one, a new one, a vote, and the like of what is being typed."""

import falcon

from service.db import database
from service.feedback import limits, posts, similar, votes
from service.web import shapes
from service.web.guards import acting_user, identify_user
from service.web.widget import calls

POSTS_A_MINUTE, VOTES_A_MINUTE = 30, 120  # of one user
NEW_USERS_A_MINUTE = 600  # behind one network address; an office shares one


class List:
    @falcon.before(identify_user, shape=calls.List)
    def on_post(self, req, resp):
        shapes.answer(resp, page_of(req))


class Posts:
    @falcon.before(identify_user, shape=calls.NewPost)
    def on_post(self, req, resp):
        call, workspace = req.context.call, req.context.workspace
        limit(req, POSTS_A_MINUTE)
        with database.atomic():  # a refused post leaves no anonymous user behind
            user, anonymous = acting_user(req, call.submission)
            number = posts.create(workspace, user.id, call.title, call.body, board=call.board, meta=call.meta,
                                  submission=call.submission and call.submission[:64])  # fmt: skip
        present(req, resp, number, user, anonymous, 201)


class Post:
    @falcon.before(identify_user, shape=calls.Call)
    def on_post(self, req, resp, number):
        present(req, resp, number, req.context.user)


class Vote:
    @falcon.before(identify_user, shape=calls.Vote)
    def on_post(self, req, resp, number):
        workspace, voted = req.context.workspace, req.context.call.voted
        limit(req, VOTES_A_MINUTE)
        with database.atomic():
            user, anonymous = acting_user(req)
            (votes.cast if voted else votes.withdraw)(workspace.id, number, user.id)
        present(req, resp, number, user, anonymous)


class Similar:
    @falcon.before(identify_user, shape=calls.Text)
    def on_post(self, req, resp):
        user = req.context.user
        hits = similar.find(req.context.workspace, req.context.call.text, user=user and user.id, public=True)
        shapes.answer(resp, calls.Hits([calls.Hit(calls.card(req, hit.post), hit.why, hit.score) for hit in hits]))


def limit(req, most: int) -> None:
    """So many a minute of one user, and so many new users behind one network address."""
    workspace, user = req.context.workspace, req.context.user
    if user:
        limits.hit(f"user:{workspace.id}:{user.id}:{req.uri_template}", most, 60)
    else:
        limits.hit(f"new-users:{workspace.id}:{limits.network(req.remote_addr)}", NEW_USERS_A_MINUTE, 60)


def page_of(req) -> calls.Cards:
    call, user = req.context.call, req.context.user
    page = posts.page(
        req.context.workspace.id, sort=call.sort, board=call.board, status=call.status, q=call.q,
        mine=call.mine, user=user and user.id, public=True, cursor=call.cursor,
    )  # fmt: skip
    return calls.Cards([calls.card(req, post) for post in page.posts], page.next_cursor)


def present(req, resp, number: int, user, anonymous: str | None = None, status: int = 200) -> None:
    post = posts.find(req.context.workspace.id, number, user and user.id, public=True)
    shapes.answer(resp, calls.OnePost(calls.card(req, post), anonymous), status)
