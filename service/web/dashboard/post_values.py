"""What the page of a post shows, read part by part: the first page of everything that can be long."""

import json

from service import shapes
from service.feedback import (
    activity,
    attachments,
    boards,
    comments,
    doings,
    duplicates,
    edits,
    fields,
    followers,
    held_comments,
    merges,
    people,
    posts,
    questions,
    statuses,
    tags,
    team,
    users,
    votes,
)
from service.web import inputs
from service.web.dashboard import telling
from service.web.inputs import whole

VOTERS, HAPPENED = 50, 50  # of a page


def everything(req, post: posts.Post) -> dict:
    """All that the template needs."""
    reader, workspace = req.context.reader, req.context.workspace
    shown = {
        "post": post, "version": edits.version(post), "meta": json.loads(post.meta), "me": me(req),
        "statuses": statuses.of(workspace.id), "boards": boards.of(reader), "tags": tags.of(reader), "team": team.of(reader),
        "url": shapes.url(req.context.config, workspace, post.number), "page_url": page_url(req, post.number),
        "parts_of_it": merges.parts(reader, post.number), "files": of_post(req, post.number),
        "follows": followers.standing(workspace.id, post.number, me(req)), "most_question": questions.LONGEST_QUESTION,
    }  # fmt: skip
    shown |= asked(reader, post) | talk(req, post.number) | voters(req, post.number)
    shown |= happened(req, post) | author(req, post)
    return shown | like(req, post) | {"audiences": questions.audiences(reader, post.number)}


def me(req) -> str:
    """The id of the user as whom this member writes and votes; they need not exist yet."""
    return f"{users.MEMBER}{req.context.person.id}"


def page_url(req, number: int) -> str:
    return f"{req.context.config.base_url}/app/{req.context.workspace.slug}/posts/{number}"


def asked(reader, post: posts.Post) -> dict:
    """The custom fields of its board, and what it says there."""
    board = boards.find(reader, post.board_key)
    return {"fields": fields.of(reader.workspace.id, board), "answers": json.loads(post.fields)}


def talk(req, number: int) -> dict:
    after = whole(inputs.param(req, "after")) or 0
    found = comments.of(req.context.reader, number, after)
    files = attachments.of_comments(req.context.reader, [each.id for each in found])
    shown = {id: [presented(req, file) for file in of_one] for id, of_one in files.items()}
    later = max((each.id for each in found), default=0) if len(found) == comments.AT_ONCE else None
    return {"comments": found, "comment_files": shown, "later_comments": later, "after": after,
            "comment_version": held_comments.version}  # fmt: skip


def of_post(req, number: int) -> list:
    return [presented(req, file) for file in attachments.of_post(req.context.reader, number)]


def presented(req, file: attachments.File) -> dict:
    made = shapes.file(file, req.context.config, req.context.workspace)
    return {"id": made.id, "name": made.name, "size": made.size, "url": made.url, "thumbnail_url": made.thumbnail_url,
            "state": made.state, "is_picture": file.is_picture}  # fmt: skip


def voters(req, number: int) -> dict:
    """A page of voters, those who pay most first. A place in it is `MRR-id`."""
    paid, _, last = inputs.param(req, "voters").partition("-")
    fits = paid.isascii() and paid.isdigit() and last.isascii() and last.isdigit() and len(paid) < 18 and len(last) < 18
    workspace = req.context.workspace.id
    found = votes.by_revenue(workspace, number, VOTERS + 1, (int(paid), int(last)) if fits else None)
    page = found[:VOTERS]
    more = f"{page[-1].mrr or 0}-{page[-1].id}" if len(found) > VOTERS else None
    return {"voters": page, "more_voters": more, "is_later_page": fits, "score": votes.score(workspace, number)}


def happened(req, post: posts.Post) -> dict:
    before = whole(inputs.param(req, "before"))
    found = activity.history(req.context.workspace.id, post.number, HAPPENED + 1, before)
    page, known = found[:HAPPENED], telling.names(req.context.reader)
    told = telling.lines(req.context.reader, post.number, page, known, post.title, post.body)
    earlier = page[-1].seq if len(found) > HAPPENED else None
    return {"history": told, "earlier": earlier, "is_earlier_page": before is not None}


def author(req, post: posts.Post) -> dict:
    if post.author_id is None:
        return {"wrote": None}
    known = users.find(req.context.workspace, post.author_id)
    return {"wrote": doings.counts(req.context.reader, known.id), "most_total": people.MOST_TOTAL}


def like(req, post: posts.Post) -> dict:
    """The posts that are likely to be the same, as they were found before, and others that may be (None: nobody asked for
    them; to find them, every post is looked at)."""
    if post.merged_into:
        return {"likely": [], "similar": None}
    likely = duplicates.known(req.context.reader, post.number)
    if not inputs.param(req, "similar"):
        return {"likely": likely, "similar": None}
    numbers = {hit.post.number for hit in likely}
    found = duplicates.suggestions(req.context.reader, post.number)
    return {"likely": likely, "similar": [hit for hit in found if hit.post.number not in numbers]}

