"""The page of a post: all of it, what is said below it, and what visitors do there."""

from contextlib import suppress
from urllib.parse import quote

import falcon

from service import db
from service.errors import RateLimited
from service.feedback import details, edits, followers, similar, workspaces
from service.feedback.details import Detail
from service.web import cursors, inputs
from service.web.board import deeds, talk
from service.web.board.visiting import Page, act, render, visit
from service.web.inputs import whole
from service.web.page import QUICK, Done
from service.web.pages import query


@falcon.before(visit)
class Post(Page):
    def show(self, req, resp, number):
        after = cursors.after(inputs.param(req, "cursor"), "comments") or 0
        origin = whole(inputs.param(req, "from"))
        found = details.page(req.context.reader, number, talk.AT_ONCE, after, origin)
        if found.detail.post.merged_into:
            raise moved(req, found.detail, origin if found.origin else number)
        render(req, resp, "board/post.html", canonical=f"/posts/{number}", here="feedback", origin=found.origin,
               also=asked_too(req, found.detail), **about(req, found.detail), **said(req, found.talk, after))  # fmt: skip

    def refuse(self, req, resp, name, error, place):
        if name == "reply" and "body" not in getattr(error, "fields", {}):
            name = "comment"  # the form of an answer may be gone with what it answers: the words are not
        super().refuse(req, resp, name, error, place)

    @db.verb
    def follow(self, req, number):
        reader, words = act(req), req.context.words
        followers.follow(reader, number)
        hears = req.context.user and req.context.user.email
        return Done(words.followed if hears else words.followedUnheard, to=talk.back(req, number, "post"))

    @db.verb
    def unfollow(self, req, number):
        if req.context.user:
            followers.unfollow(act(req), number)
        return Done(req.context.words.unfollowed, to=talk.back(req, number, "post"))

    def edit(self, req, number):
        form = req.context.form
        edits.change(req.context.reader, number, title=form.get("title", ""), body=form.get("body", ""))
        return Done(req.context.words.savedPost, to=talk.back(req, number, "post"))

    def delete(self, req, number):
        edits.delete(req.context.reader, number)
        return Done(req.context.words.deleted, to=req.context.home or "/")

    deeds = {
        "vote": deeds.vote, "unvote": deeds.unvote, "follow": follow, "unfollow": unfollow, "edit": edit, "delete": delete,
        "comment": talk.write, "reply": talk.write, "change_comment": talk.change, "delete_comment": talk.delete,
    }  # fmt: skip


def moved(req, detail: Detail, origin: int) -> falcon.HTTPStatus:
    """To the post that this one was merged into. A merge can be taken back, so that nobody keeps where it led."""
    place = f"{req.context.home}/posts/{detail.post.merged_into}?from={origin}"
    kind = falcon.HTTPMovedPermanently if req.method == "GET" else falcon.HTTPSeeOther
    return kind(place, headers={"Cache-Control": "no-cache"})


def about(req, detail: Detail) -> dict:
    """What the page tells of the post itself."""
    post, workspace, base = detail.post, req.context.workspace, req.context.config.base_url
    address = f"{workspaces.home(workspace, base)}/posts/{post.number}"
    host = f"https://{workspace.domain}" if workspace.domain_works else base
    return {
        "post": post, "status": {"name": post.status_name, "kind": post.status_kind, "color": post.status_color},
        "following": detail.following, "editable": detail.editable, "post_files": talk.files(req, detail.files),
        "post_address": address, "oembed": f"{host}/oembed?url={quote(address, safe='')}",
        "is_public": post.board_access == "public" and not post.held, "opened": opened(req),
    }  # fmt: skip


def asked_too(req, detail: Detail) -> list[similar.Hit]:
    """What else people asked for that is like this; nothing while too many search. A page that is only renewed keeps what it
    shows of it."""
    if not req.get_header(QUICK) and not detail.post.held:
        with suppress(RateLimited):
            return similar.beside(req.context.reader, detail.post, closely=True)
    return []


def said(req, found: details.Talk, after: int) -> dict:
    """What the page shows of the talk."""
    following = found.following
    official = talk.answer(req, found, after)
    is_shown = official and any(each.id == official.comment.id for each in found.comments)
    place = query(cursor=cursors.closed("comments", official.comment.id - 1)) if official and not is_shown else ""
    return {
        "threads": talk.threads(req, found), "official": official, "official_place": place, "after": after,
        "newest": found.newest, "next_url": following and query(cursor=cursors.closed("comments", following)),
    }  # fmt: skip


def opened(req) -> str:
    """The id of the form that the address wants open. After a form was sent, none is."""
    if req.method != "GET":
        return ""
    reply, change = whole(inputs.param(req, "reply")), inputs.param(req, "edit")
    return f"reply-{reply}" if reply else "edit-post" if change == "post" else f"change-{whole(change)}"
