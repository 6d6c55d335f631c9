"""/api/v1/posts"""

import falcon

from service.db import database
from service.feedback import posts, users
from service.web import inputs, shapes
from service.web.guards import api_key


@falcon.before(api_key)
class Posts:
    def on_post(self, req, resp):
        new, context = inputs.read(req, shapes.NewPost), req.context
        with database.atomic():  # a refused post leaves no new user behind
            number = posts.create(
                context.workspace, author(req, new.author).id, new.title, new.body, board=new.board, status=new.status,
                meta=new.meta, public=False, person=context.person.id if new.author is None else None,
            )  # fmt: skip
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
        posts.set_status(
            context.workspace, number, new.status, new.note, notify=new.notify, person=context.person.id
        )
        present(req, resp, number)


def author(req, external_id: str | None) -> users.User:
    workspace = req.context.workspace
    if external_id is None:
        return users.of_member(workspace, req.context.person)
    return users.by_external_id(workspace, external_id)


def present(req, resp, number: int, status: int = 200) -> None:
    workspace = req.context.workspace
    shapes.answer(resp, shapes.post(posts.find(workspace.id, number), req.context.config, workspace), status)
