"""The page of a post: all of it, and what is said below it."""

import falcon

from service.feedback import comments, posts
from service.web import cursors, inputs
from service.web.board import deeds
from service.web.board.visiting import Page, render, visit
from service.web.pages import query
from service.web.rows import row


@falcon.before(visit)
class Post(Page):
    def show(self, req, resp, number):
        post = posts.find(req.context.reader, number)
        if post.merged_into:
            raise falcon.HTTPMovedPermanently(f"{req.context.home}/posts/{post.merged_into}")
        after = cursors.after(inputs.param(req, "cursor"), "comments") or 0
        found, following = comments.part(req.context.reader, number, comments.AT_ONCE, after)
        next_url = following and query(cursor=cursors.closed("comments", following))
        render(req, resp, "board/post.html", canonical=f"/posts/{number}", post=row(req, post), comments=found,
               next_url=next_url, after=after)  # fmt: skip

    deeds = {"vote": deeds.vote, "unvote": deeds.unvote}
