"""/api/v1/posts"""

import falcon

from service import db
from service.feedback import posts, users
from service.feedback.readers import Reader
from service.web import inputs, shapes
from service.web.guards import api_key


@falcon.before(api_key)
class Posts:
    def on_get(self, req, resp):
        filters = {name: inputs.param(req, name) for name in ("board", "status", "q", "cursor")}
        limit = inputs.whole(req, "limit", posts.DEFAULT_PAGE, posts.LARGEST_PAGE)
        page = posts.page(req.context.reader, sort=inputs.param(req, "sort", "new"), limit=limit, **filters)
        shown = [shapes.post(post, req.context.config, req.context.workspace) for post in page.posts]
        shapes.answer(resp, shapes.Posts(shown, page.next_cursor))

    def on_post(self, req, resp):
        number = create(req, inputs.read(req, shapes.NewPost))
        resp.location = f"/api/v1/posts/{number}"
        present(req, resp, number, 201)


@falcon.before(api_key)
class Post:
    def on_get(self, req, resp, number):
        present(req, resp, number)


@falcon.before(api_key)
class Status:
    def on_put(self, req, resp, number):
        new, context = inputs.read(req, shapes.NewStatus), req.context
        posts.set_status(context.workspace, number, new.status, new.note, notify=new.notify, person=context.person.id)
        present(req, resp, number)


@db.verb  # a refused post leaves no new user behind
def create(req, new: shapes.NewPost) -> int:
    author = Reader(req.context.workspace, user(req, new.author).id, is_member=True)
    return posts.create(author, new.title, new.body, board=new.board, status=new.status, meta=new.meta)


def user(req, external_id: str | None) -> users.User:
    if external_id is None:
        return users.of_member(req.context.workspace, req.context.person)
    return users.by_external_id(req.context.workspace, external_id)


def present(req, resp, number: int, status: int = 200) -> None:
    context = req.context
    shapes.answer(resp, shapes.post(posts.find(context.reader, number), context.config, context.workspace), status)
