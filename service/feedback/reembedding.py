"""A change of model: every post's vector anew, beside the old ones, which answer until the last new one is made.

What was made stays. So this may be stopped at any moment and begun again, and done twice it does nothing. Nobody who writes
meanwhile is kept waiting: once this has begun, the job of a post makes vectors of both models (vectors.embed)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple

from service import db
from service.config import Config
from service.db import database
from service.errors import SettingError
from service.feedback import vectors
from service.feedback.vectors import TOGETHER, Text
from service.lib import embeddings
from service.lib.lines import Unreachable

LOCK = 7_272_977  # of who makes them: one at a time
PAUSES = (1, 5, 20, 60)  # seconds before a server that failed is asked again
MOST_WALKS = 5  # through all posts; what is written even then has its job
LEFT_OUT = ""  # instead of a vector: the server fails at this text; its job tries on

COUNT = "SELECT count(*) FROM post"
LOCKED = "SELECT pg_try_advisory_lock(%(lock)s)"
UNLOCK = "SELECT pg_advisory_unlock(%(lock)s)"
ADOPT = """
UPDATE installation SET embedding_model = %(model)s, embedding_next = NULL, embedding_since = now()
 WHERE embedding_model <> %(model)s AND NOT EXISTS (SELECT FROM post)"""
BEGIN = "UPDATE installation SET embedding_next = nullif(%(model)s, embedding_model)"
SWITCH = """
UPDATE installation SET embedding_model = embedding_next, embedding_next = NULL, embedding_since = now(),
       embedding_failure = NULL, embedding_failing_at = NULL
 WHERE embedding_next = %(model)s"""
COMPARE_ALL = "UPDATE workspace SET compared_to = 0"

# Deleted posts too: who brings one back finds it by its meaning at once.
PIECE = """
SELECT p.workspace_id, p.number, p.title, p.body, e.digest FROM post p
  LEFT JOIN post_embedding e ON e.workspace_id = p.workspace_id AND e.model = %(model)s AND e.post_number = p.number
 WHERE (p.workspace_id, p.number) > %(after)s ORDER BY p.workspace_id, p.number LIMIT %(most)s"""
# A post may have got another text meanwhile, and its job a vector of that: neither is undone.
UNCHANGED = "(e.digest IS NULL OR e.digest = ANY(%(before)s::bytea[]))"
KEEP = f"""
INSERT INTO post_embedding AS e (workspace_id, model, post_number, vector, digest)
SELECT p.workspace_id, %(model)s, p.number, made.vector::halfvec(384), made.digest
  FROM unnest(%(workspaces)s::bigint[], %(numbers)s::integer[], %(titles)s::text[], %(bodies)s::text[], %(vectors)s::text[],
              %(digests)s::bytea[]) AS made (workspace_id, number, title, body, vector, digest)
  JOIN post p ON p.workspace_id = made.workspace_id AND p.number = made.number
   AND p.title = made.title AND p.body = made.body
 WHERE made.vector IS NOT NULL
ON CONFLICT (workspace_id, model, post_number) DO UPDATE SET vector = excluded.vector, digest = excluded.digest
 WHERE {UNCHANGED}"""
FORGET = f"""
DELETE FROM post_embedding e
 USING unnest(%(workspaces)s::bigint[], %(numbers)s::integer[], %(vectors)s::text[]) AS made (workspace_id, number, vector)
 WHERE e.workspace_id = made.workspace_id AND e.model = %(model)s AND e.post_number = made.number AND made.vector IS NULL
   AND {UNCHANGED}"""


class Done(NamedTuple):
    """What became of some posts."""

    posts: int
    made: int  # vectors, of those that had none of their text by this model


def adopt(settings: Config) -> None:
    """Where nobody has written anything yet, the model of the settings answers at once. Later it takes its vectors first."""
    if settings.embeddings_url and db.changed(ADOPT, model=settings.embeddings_model):
        vectors.forget()


def chosen(settings: Config, name: str | None) -> str:
    """The model that is meant: this one, else that of the settings, else the local one. Raises SettingError."""
    if name and name != embeddings.MODEL and not settings.embeddings_url:
        raise SettingError(f"Sayso itself has only {embeddings.MODEL}; set EMBEDDINGS_URL to a server that has {name}.")
    return name or (settings.embeddings_url and settings.embeddings_model) or embeddings.MODEL


@contextmanager
def alone():
    """While nobody else does this; raises SettingError when somebody does. Who dies, or loses the database, ends it."""
    if not db.row(LOCKED, lock=LOCK)[0]:
        raise SettingError("Another `sayso reembed` is at work already; let it finish, or stop it.")
    try:
        yield
    finally:
        with suppress(*db.GONE):
            db.row(UNLOCK, lock=LOCK)


def count() -> int:
    """How many posts there are to look at."""
    return db.row(COUNT)[0]


def begin(model: str) -> None:
    """Let vectors of this model be made from now on, beside those that answer. Raises SettingError when its server gives
    none; then nothing has changed."""
    try:
        if model != embeddings.MODEL:
            vectors.memory.server.embed(model, [vectors.SAMPLE])  # first of all, and not noted: nobody waits for it
            vectors.measure(model)
    except Unreachable as failed:
        raise SettingError(f"The server gives no vectors of {model}. {failed}") from None
    db.changed(BEGIN, model=model)
    vectors.forget()


def reembed(model: str) -> Iterator[Done]:
    """Make what is missing, and let this model answer once nothing is; `begin` comes first. Yields after every piece.

    Raises SettingError when its server gives no more."""
    for number in range(MOST_WALKS):
        made = 0
        for done in walk(model):
            made += done.made
            yield done._replace(posts=0 if number else done.posts)
        if not made:
            break
    switch(model)


def switch(model: str) -> None:
    """One row says which model answers, so there is no moment between two. It may find other duplicates."""
    with database.atomic():
        if db.changed(SWITCH, model=model):
            db.changed(COMPARE_ALL)
    vectors.forget()


def walk(model: str) -> Iterator[Done]:
    """Go through all posts, in the order of their keys."""
    after = (0, 0)
    while found := db.rows(PIECE, model=model, after=after, most=TOGETHER):
        posts = [(workspace_id, Text(*post)) for workspace_id, *post in found]
        yield Done(len(posts), make(model, [(workspace_id, text) for workspace_id, text in posts if text.is_new]))
        after = found[-1][:2]


def make(model: str, posts: list[tuple[int, Text]]) -> int:
    """Make and keep the vectors of these; returns how many. What the model cannot read has none."""
    if not posts:
        return 0
    found = list(zip(posts, patiently(model, [text for _, text in posts]), strict=True))
    for (workspace_id, text), vector in found:
        if vector == LEFT_OUT:
            vectors.later(workspace_id, text.number)
    found = [(workspace_id, text, vector) for (workspace_id, text), vector in found if vector != LEFT_OUT]
    if not found:
        return 0
    workspaces, texts, made = zip(*found, strict=True)
    keep(
        model=model, workspaces=list(workspaces), vectors=list(made),
        numbers=[each.number for each in texts], titles=[each.title for each in texts], bodies=[each.body for each in texts],
        digests=[each.digest for each in texts], before=[bytes(each.made_of) for each in texts if each.made_of],
    )  # fmt: skip
    return sum(vector is not None for vector in made)


def patiently(model: str, texts: list[Text]) -> list[str | None]:
    """Vectors, although the server may fail now and then."""
    for pause in PAUSES:
        try:
            return vectors.of_posts(model, texts)
        except Unreachable as failed:
            if failed.kind == "refused":
                break
        time.sleep(pause)
    return one_by_one(model, texts)


def one_by_one(model: str, texts: list[Text]) -> list[str | None]:
    """The same where the server may fail at some of them, LEFT_OUT then, though it is well."""
    made = [attempted(model, text) for text in texts]
    try:
        if LEFT_OUT in made:
            vectors.memory.server.embed(model, [vectors.SAMPLE])
    except Unreachable as failed:
        said = f"The server gives no more vectors of {model}. {failed}"
        raise SettingError(f"{said} Nothing is lost, the old ones answer; run it again to go on.") from None
    return made


def attempted(model: str, text: Text) -> str | None:
    try:
        [vector] = vectors.of_posts(model, [text])
    except Unreachable:
        return LEFT_OUT
    return vector


@db.verb
def keep(**made) -> None:
    db.changed(KEEP, **made)
    db.changed(FORGET, **made)
