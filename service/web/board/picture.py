"""Pictures for sharing: what chats and feeds show for a link to a post, or to the board."""

import hashlib

import falcon

from service import words
from service.feedback import brand, posts, workspaces
from service.feedback.readers import Reader
from service.lib import cards
from service.lib.cards import Card
from service.web.board.logo import SAFE
from service.web.board.visiting import is_known, visit


@falcon.before(visit)
class PostPicture:
    """Of a post that everyone may read, whoever asks: it is kept by everyone."""

    def on_get(self, req, resp, number):
        workspace = req.context.workspace
        post = posts.find(Reader(workspace), number)
        if post.merged_into:
            raise falcon.HTTPMovedPermanently(f"{req.context.home}/posts/{post.merged_into}/picture.png")
        status = (post.status_name, post.status_kind, post.status_color)
        send(req, resp, Card(workspace.name, post.title, workspace.accent, post.votes, status))


@falcon.before(visit)
class BoardPicture:
    def on_get(self, req, resp):
        workspace = req.context.workspace
        said = words.chosen(workspaces.language_tag(workspace)).say("ask", workspace.name)
        send(req, resp, Card(workspace.name, said, workspace.accent))


def send(req, resp, card: Card) -> None:
    resp.set_headers(SAFE)
    resp.cache_control = ["public", "max-age=600"]
    resp.etag = hashlib.sha256(repr((card, req.context.workspace.logo)).encode()).hexdigest()[:20]
    if is_known(req, resp.etag.strip('"')):
        resp.status = falcon.HTTP_304
        return
    resp.data, resp.content_type = cards.draw(card, brand.logo_of(req.context.workspace)), "image/png"
