"""What is said below a post: as the page shows it, and what visitors do there."""

import hashlib
import time
from functools import lru_cache
from typing import NamedTuple

from service import db, shapes
from service.feedback import attachments, comments, limits, posts
from service.feedback.comments import Comment
from service.feedback.details import Talk
from service.web import cursors, inputs
from service.web.board.visiting import act, signals
from service.web.inputs import whole
from service.web.page import QUICK, Done
from service.web.pages import query

AT_ONCE = 100  # comments of a page
COLOURS = 6  # of faces (talk.css)
HOUR = 3600  # seconds


class File(NamedTuple):
    name: str
    size: int
    url: str
    thumbnail_url: str | None
    is_waiting: bool  # for the worker, which makes pictures harmless


class Said(NamedTuple):
    """A comment as it is shown. `name` is its author's, `to` whose comment it answers, when that is not the one above it."""

    comment: Comment
    name: str
    initials: str
    colour: int
    to: str
    files: list[File]

    @property
    def is_editable(self) -> bool:
        return self.comment.mine and self.comment.is_fresh and not self.comment.is_deleted


# ── to be read ──────────────────────────────────────────────────────────────────────────────────────────────────────


def threads(req, talk: Talk) -> list[list[Said]]:
    """Comments, each with all the answers below it, in the order in which they were written."""
    by_id, places, found = {each.id: each for each in talk.comments}, {}, []
    for comment in talk.comments:
        if comment.parent in places:
            thread = places[comment.id] = places[comment.parent]
            is_next = thread[0].comment.id == comment.parent
            thread.append(said(req, talk, comment, "" if is_next else name(req, by_id[comment.parent])))
        else:
            thread = places[comment.id] = [said(req, talk, comment)]
            found.append(thread)
    return found


def answer(req, talk: Talk, after: int) -> Said | None:
    """The team's answer, to be shown above all; None where it is the first thing that was said anyway, or on later pages."""
    is_first = talk.official and talk.comments and talk.comments[0].id == talk.official.id
    return said(req, talk, talk.official) if talk.official and not is_first and not after else None


def said(req, talk: Talk, comment: Comment, to: str = "") -> Said:
    known = name(req, comment)
    letters = initials(comment.author_name or (known if comment.by_team else ""))
    return Said(comment, known, letters, sum(map(ord, known)) % COLOURS, to, files(req, talk.files.get(comment.id, [])))


def name(req, comment: Comment) -> str:
    words = req.context.words
    if comment.is_deleted:
        return words.gone
    stranger = req.context.workspace.name if comment.by_team else words.you if comment.mine else words.somebody
    return comment.author_name or stranger


def initials(known: str) -> str:
    """Of the first and the last of somebody's names."""
    names = known.split()
    return "".join(each[0] for each in dict.fromkeys([*names[:1], *names[-1:]])).upper()


def files(req, found: list[attachments.File]) -> list[File]:
    return [file(req.context.workspace.id, each) for each in found]


def file(workspace: int, found: attachments.File) -> File:
    hour = int(time.time() // HOUR)
    thumbnail = address(workspace, found.id, "t", hour) if found.thumbnail else None
    return File(found.name, found.size, address(workspace, found.id, "o", hour), thumbnail, found.state == "waiting")


@lru_cache(maxsize=4096)
def address(workspace: int, id: int, variant: str, _hour: int) -> str:
    """Where a file is; the same for an hour, so that the page stays the same."""
    return shapes.file_path(workspace, id, variant)


# ── deeds, as of a page's (page.Page) ───────────────────────────────────────────────────────────────────────────────


@db.verb
def write(_page, req, number: int) -> Done:
    """Say something below a post, or where it went. Sent twice, it is said once: the same words in a form of the same name,
    which our script gives it (`submission`). A page for everybody has no such name in it; without the script it is one
    visitor's same words, from a page that did not show them yet."""
    form, number = req.context.form, standing(req, number)
    parent, body, draft = whole(form.get("parent", "")), form.get("body", ""), form.get("submission")
    sent = hashed(str(number), str(parent), draft or form.get("seen", ""), body)
    if not (req.context.user or draft) and is_repeated(req, sent):
        return Done(req.context.words.commented, to=back(req, number, "talk"))
    reader, words = act(req, draft), req.context.words
    made = comments.create(reader, number, body, parent=parent, submission=sent, signals=signals(req))
    if "behind" in form:  # the page that it was sent from does not show the end
        to = f"{at(req, number)}{query(cursor=cursors.closed('comments', made - 1))}#comment-{made}"
    else:
        to = back(req, number, f"comment-{made}")
    return Done(words.heldComment if comments.find(reader, made).held else words.commented, to=to)


def standing(req, number: int) -> int:
    """The post that this one is a part of by now, or itself."""
    while into := posts.find(req.context.reader, number).merged_into:
        number = into
    return number


def is_repeated(req, sent: str) -> bool:
    """Whether who is nobody yet has just sent this. All there is to know them by is their network and browser, which they
    may share: so it is believed for moments only. What is said twice can be deleted; what got lost can not."""
    network, browser = limits.network(req.remote_addr), req.get_header("User-Agent", default="")
    return limits.is_said_again(req.context.workspace.id, hashed(network, browser, sent))


def hashed(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode("utf-8", "replace")).hexdigest()


def change(_page, req, number: int) -> Done:
    id = comment_of(req)
    comments.change(req.context.reader, id, body=req.context.form.get("body", ""))
    return Done(req.context.words.savedComment, to=back(req, number, f"comment-{id}"))


def delete(_page, req, number: int) -> Done:
    comments.delete(req.context.reader, comment_of(req))
    return Done(req.context.words.deletedComment, to=back(req, number, "talk"))


def comment_of(req) -> int:
    return whole(req.context.form.get("comment", "")) or 0


def at(req, number: int) -> str:
    return f"{req.context.home}/posts/{number}"


def back(req, number: int, place: str) -> str | None:
    """To this place of the page, with its forms closed; our script stays where it is, unless that is another page."""
    stays = req.get_header(QUICK) and req.path.endswith(f"/{number}")
    cursor = inputs.param(req, "cursor")
    return None if stays else f"{at(req, number)}{query(cursor=cursor) if cursor else ''}#{place}"
