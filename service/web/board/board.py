"""The public board: what everyone may read."""

import falcon

from service.feedback import boards, changelog, comments, limits, lists, posts, statuses, workspaces
from service.feedback.readers import Reader
from service.web import cursors, inputs, pages, pictures
from service.web.pages import query
from service.web.rows import row

PAGES_A_MINUTE = 300  # of one network address; an office shares one


def find_workspace(req, _resp, _resource, params) -> None:
    """Sets `workspace`, from the address. RateLimited for who opens too many pages: each takes its time to make."""
    limits.hit(f"public-pages:{limits.network(req.remote_addr)}", PAGES_A_MINUTE, limits.MINUTE)
    req.context.workspace = workspaces.by_slug(params.pop("slug"))
    req.context.reader = Reader(req.context.workspace)
    req.context.page = {"workspace": req.context.workspace}


@falcon.before(find_workspace)
class Board:
    def on_get(self, req, resp):
        workspace = req.context.workspace
        sort, status, board = (inputs.param(req, name) for name in ("sort", "status", "board"))
        sort = sort or "top"
        page = lists.page(req.context.reader, sort=sort, status=status, board=board, cursor=inputs.param(req, "cursor"))
        pages.render(
            req, resp, "board/list.html", boards=boards.of(req.context.reader), board=board,
            posts=[row(req, post) for post in page.posts], statuses=statuses.of(workspace.id), chosen=status, sort=sort,
            next_url=page.next_cursor and query(board=board, sort=sort, status=status, cursor=page.next_cursor),
        )  # fmt: skip


@falcon.before(find_workspace)
class Post:
    def on_get(self, req, resp, number):
        workspace = req.context.workspace
        post = posts.find(req.context.reader, number)
        if post.merged_into:
            raise falcon.HTTPMovedPermanently(f"/b/{workspace.slug}/posts/{post.merged_into}")
        after = cursors.after(inputs.param(req, "cursor"), "comments") or 0
        found, following = comments.part(req.context.reader, number, comments.AT_ONCE, after)
        next_url = following and query(cursor=cursors.closed("comments", following))
        pages.render(req, resp, "board/post.html", post=row(req, post), comments=found, next_url=next_url, after=after)


@falcon.before(find_workspace)
class Changelog:
    def on_get(self, req, resp):
        entries = changelog.published(req.context.reader)
        pages.render(req, resp, "board/changelog.html", entries=entries, bodies=pictures.bodies(req.context.reader, entries))
