"""Posts through the widget: the list, one, a new one, what is done to one, and the like of what is being typed."""

import falcon

from service import db, shapes
from service.feedback import details, edits, followers, guests, limits, lists, posts, similar, votes
from service.web.guards import act, identify_user, signals
from service.web.widget import calls, shown
from service.web.widget.comments import comments_of


class List:
    @falcon.before(identify_user, shape=calls.List)
    def on_post(self, req, resp):
        shapes.answer(resp, page_of(req))


class Posts:
    @falcon.before(identify_user, shape=calls.NewPost, deed=limits.WIDGET_POSTS)
    def on_post(self, req, resp):
        present(req, resp, *create(req, req.context.call), status=201)


class Post:
    @falcon.before(identify_user, shape=calls.Call)
    def on_post(self, req, resp, number):
        post = shown.detail(req, details.find(req.context.reader, number))
        shapes.answer(resp, shown.PostPage(post, comments_of(req, number)))


class Vote:
    @falcon.before(identify_user, shape=calls.Vote, deed=limits.WIDGET_VOTES)
    def on_post(self, req, resp, number):
        show(req, resp, number, *vote(req, number))


class Follow:
    @falcon.before(identify_user, shape=calls.Follow, deed=limits.WIDGET_VOTES)
    def on_post(self, req, resp, number):
        show(req, resp, number, *follow(req, number))


class Edit:
    @falcon.before(identify_user, shape=calls.Edit, deed=limits.WIDGET_EDITS)
    def on_post(self, req, resp, number):
        call = req.context.call
        edits.change(req.context.reader, number, title=call.title, body=call.body)
        show(req, resp, number, req.context.reader)


class Delete:
    @falcon.before(identify_user, shape=calls.Call, deed=limits.WIDGET_EDITS)
    def on_post(self, req, resp, number):
        edits.delete(req.context.reader, number)
        shapes.answer(resp, shown.Deleted())


class Similar:
    @falcon.before(identify_user, shape=calls.Text, deed=limits.SIMILAR)
    def on_post(self, req, resp):
        hits = similar.find(req.context.reader, req.context.call.text, closely=True)
        shapes.answer(resp, calls.Hits([calls.Hit(calls.card(req, hit.post), hit.why, hit.score) for hit in hits]))


# Each of these is one transaction with the anonymous user that it may make: refused, it leaves nobody behind.


@db.verb
def create(req, call: calls.NewPost):
    said = call.guest or calls.Guest("")
    guest = guests.checked(req.context.workspace, req.context.user, said.email, said.name)
    reader, anonymous = act(req, call.submission)
    number = posts.create(reader, call.title, call.body, board=call.board, meta=call.meta,
                          values=call.fields, submission=call.submission,
                          signals=signals(req, guest.email if guest else ""))  # fmt: skip
    if guest:
        guests.ask(reader, number, guest, limits.network(req.remote_addr))
    return number, reader, anonymous


@db.verb
def vote(req, number: int):
    reader, anonymous = act(req)
    (votes.cast if req.context.call.voted else votes.withdraw)(reader, number)
    return reader, anonymous


@db.verb
def follow(req, number: int):
    reader, anonymous = act(req)
    (followers.follow if req.context.call.following else followers.unfollow)(reader, number)
    return reader, anonymous


def page_of(req) -> calls.Cards:
    call = req.context.call
    page = lists.page(req.context.reader, sort=call.sort, board=call.board, status=call.status, q=call.q, mine=call.mine,
                      cursor=call.cursor)  # fmt: skip
    return calls.Cards([calls.card(req, post) for post in page.posts], page.next_cursor)


def present(req, resp, number: int, reader, anonymous: str | None = None, status: int = 200) -> None:
    shapes.answer(resp, calls.OnePost(calls.card(req, posts.find(reader, number)), anonymous), status)


def show(req, resp, number: int, reader, anonymous: str | None = None) -> None:
    shapes.answer(resp, shown.OneDetail(shown.detail(req, details.find(reader, number)), anonymous))
