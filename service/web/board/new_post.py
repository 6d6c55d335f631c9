"""/posts/new: what somebody wants to say, with what others said already shown beside it while they write."""

import falcon

from service import db
from service.errors import Invalid, Why
from service.feedback import fields, guests, limits, posts, similar
from service.feedback.guests import Guest
from service.feedback.posts import LONGEST_SUBMISSION, LONGEST_TITLE, Post
from service.feedback.visits import Board
from service.lib import text, tokens
from service.web import inputs
from service.web.answers import answer
from service.web.board import deeds
from service.web.board.visiting import Page, act, render, signals, visit
from service.web.page import Done


@falcon.before(visit)
class NewPost(Page):
    looks = ("look",)

    def show(self, req, resp):
        board, known = board_of(req), fields.of(req.context.workspace.id)
        render(
            req, resp, "board/new.html", here="feedback", canonical="/posts/new", is_private=True, board=board,
            fields=asked(known, board), fields_differ=any(each.board for each in known), asks_email=asks_email(req),
            title=text.tidy_line(inputs.param(req, "title")[:LONGEST_TITLE]), submission=tokens.secret(),
        )  # fmt: skip

    def write(self, req):
        post, guest = create(req)
        words = req.context.words
        said = [words.heldNote if post.held else words.posted, words.say("confirm", guest.email) if guest else ""]
        return Done(" ".join(filter(None, said)), to=f"{req.context.home}/posts/{post.number}")

    def look(self, req):
        """What is like the title, and what the chosen board asks."""
        return Done(show={"hits": similar.find(req.context.reader, req.context.form.get("title", ""), closely=True)})

    def instead(self, req):
        deeds.vote(self, req)
        return Done(req.context.words.counted, to=f"{req.context.home}/posts/{deeds.number(req)}")

    deeds = {"write": write, "look": look, "instead": instead}


@db.verb
def create(req) -> tuple[Post, Guest | None]:
    """The post that this form writes, and who is asked by letter whether they wrote it; one transaction with the anonymous
    user that it may make."""
    form, board = req.context.form, board_of(req)
    if board is None:
        raise Invalid(board=Why("There is no such board.", "board_gone"))
    guest = guests.checked(req.context.workspace, req.context.user, form.get("email", ""), form.get("name", ""))
    said = {each.key: answer(form, each, None) for each in asked(fields.of(req.context.workspace.id), board)}
    draft = form.get("submission", "")[:LONGEST_SUBMISSION] or None
    reader = act(req, draft)
    number = posts.create(reader, form.get("title", ""), form.get("body", ""), board=board.key, submission=draft,
                          values={key: value for key, value in said.items() if value is not None},
                          signals=signals(req, guest.email if guest else ""))  # fmt: skip
    if guest:
        guests.ask(reader, number, guest, limits.network(req.remote_addr))
    return posts.find(reader, number), guest


def board_of(req) -> Board | None:
    """The board that the form or the address names; None when a form names one that is not there. Who names none writes on
    the first."""
    boards = req.context.visit.boards
    wanted = req.context.form.get("board", "") if req.method == "POST" else inputs.param(req, "board")
    found = next((each for each in boards if each.key == wanted), None)
    return found if found or (wanted and req.method == "POST") else next(iter(boards), None)


def asked(known: list[fields.Field], board: Board | None) -> list[fields.Field]:
    """Those of the fields that this board asks."""
    return [each for each in known if board and each.board in (None, board.key)]


def asks_email(req) -> bool:
    user = req.context.user
    return req.context.workspace.ask_email != "no" and (user is None or user.kind == "anonymous")
