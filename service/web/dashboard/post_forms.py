"""What the forms of a post send, as the verbs want it."""

import json
from contextlib import contextmanager
from datetime import date

from service.errors import Invalid, NotFound
from service.feedback import attachments, boards, comments, fields, posts, tags, users
from service.lib import text
from service.web.answers import answer
from service.web.inputs import whole

MARKS = {"official": {"official": True}, "plain": {"official": False}, "internal": {"internal": True, "official": False},
         "public": {"internal": False}}  # fmt: skip


@contextmanager
def field(**names: str):
    """What is wrong with a field of the verb is shown beside the field of the form that has another name."""
    try:
        yield
    except Invalid as error:
        raise Invalid(**{names.get(name, name): said for name, said in error.fields.items()}) from None


def day(value: str) -> date | None:
    """A day as browsers send it; empty is none. Invalid when it is no day."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise Invalid(eta="Write the day like 2026-12-31, or leave it empty.") from None


def files(req) -> list[int]:
    """The ids of the files that were sent before (files.py)."""
    return [whole(each) or 0 for each in req.context.form.every("files")]


def tag_named(reader, words: str) -> str:
    """The key of the tag with this name or key, made if it is new. Invalid when it cannot be one."""
    name = text.fitting(words, tags.LONGEST_NAME, text.tidy_line)
    if not name:
        raise Invalid(tag=f"Write a tag of 1–{tags.LONGEST_NAME} characters.")
    known = tags.of(reader)
    for each in known:
        if name.casefold() in (each.name.casefold(), each.key):
            return each.key
    with field(key="tag", name="tag"):
        return tags.create(reader, free_key(name, {each.key for each in known}), name).key


def free_key(name: str, taken: set[str]) -> str:
    """A key made of this name that no other has."""
    plain = text.key_from(name, "tag")
    found, count = plain, 1
    while found in taken:
        count += 1
        found = f"{plain[:35].rstrip('-')}-{count}"
    return found


def answers(req, number: int) -> tuple[dict, dict]:
    """What a form says in the custom fields of its post's board that it did not say before, and what they said then."""
    post = posts.find(req.context.reader, number)
    were = made_for(req.context.form.get("was", ""))
    said = filled(req, post.board_key, were)
    return {key: value for key, value in said.items() if value != were.get(key)}, were


def made_for(value: str) -> dict:
    try:
        found = json.loads(value or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid(was="This form has become too old; reload the page.")
    return found


def filled(req, board: str, were: dict) -> dict:
    """The custom fields of this board as the form says them; None: empty."""
    known = fields.of(req.context.workspace.id, boards.choose(req.context.reader, board))
    return {each.key: answer(req.context.form, each, were.get(each.key)) for each in known}


def comment(req, number: int) -> int:
    """The comment that a form is about, which must be below this post; NotFound otherwise."""
    found = comments.find(req.context.reader, whole(req.context.form.get("comment", "")) or 0)
    if found.post != number:
        raise NotFound("There is no such comment.")
    return found.id


def own_comment(req, number: int) -> int:
    """The same, if this member wrote it."""
    found = comments.find(req.context.reader, comment(req, number))
    if found.author_id != f"{users.MEMBER}{req.context.person.id}":
        raise NotFound("There is no such comment of yours.")
    return found.id


def drop_file(req, number: int) -> None:
    """Delete a file of this post, or of a comment below it."""
    found = attachments.find(req.context.reader, whole(req.context.form.get("file", "")) or 0)
    below = found.post if found.comment is None else comments.find(req.context.reader, found.comment).post
    if below != number:
        raise NotFound("There is no such file.")
    attachments.delete(req.context.reader, found.id)
