"""What posts mean, as vectors: whose model makes them, of a post in a job, of what somebody types within a moment.

The model is the local one, or one that the server at EMBEDDINGS_URL knows by its name. Its name stands beside every vector,
and only vectors of one model are ever compared: a change of model makes all vectors anew beside the old ones
(reembedding.py), and then one row says which answer."""

import hashlib
import time
from typing import NamedTuple

import numpy
from psycopg2.extras import Json

from service import db, jobs
from service.config import Config
from service.feedback.activity import Event
from service.lib import embeddings
from service.lib.embedding_server import Server
from service.lib.lines import Unreachable

EMBED, QUEUE = "post.embed", "vectors"  # kind of the job
COMPARE, DUPLICATES = "post.compare", "duplicates"  # of what follows, which no vector waits for
MOST_ATTEMPTS = 40  # for days: a server of others may be away for long, and meanwhile words answer
TOGETHER = 32  # posts of a request to a server
LONGEST_BODY = 2000  # characters of it that a server is sent
KNOWN_LANGUAGES = {"english"}  # of the local model
SAMPLE = "Hello"  # what a server is asked to see whether it is well
LOOK_SECONDS = 5.0  # for which this process remembers whose vectors answer

MODELS = "SELECT embedding_model, embedding_next, embedding_floors FROM installation"
# Posts whose jobs wait beside this one go along; of each, whether it has a vector of this very text already.
TEXTS = """
SELECT p.number, p.title, p.body, e.digest FROM post p
  LEFT JOIN post_embedding e ON e.workspace_id = p.workspace_id AND e.model = %(model)s AND e.post_number = p.number
 WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s) ORDER BY p.number"""
KEEP = """
INSERT INTO post_embedding (workspace_id, model, post_number, vector, digest)
SELECT workspace_id, %(model)s, number, %(vector)s::halfvec(384), %(digest)s FROM post
 WHERE workspace_id = %(workspace)s AND number = %(number)s AND title = %(title)s AND body = %(body)s
ON CONFLICT (workspace_id, model, post_number) DO UPDATE SET vector = excluded.vector, digest = excluded.digest"""
FORGET = """
DELETE FROM post_embedding WHERE workspace_id = %(workspace)s AND model = %(model)s AND post_number = %(number)s AND EXISTS (
  SELECT FROM post WHERE workspace_id = %(workspace)s AND number = %(number)s AND title = %(title)s AND body = %(body)s)"""
MEASURED = "UPDATE installation SET embedding_floors = embedding_floors || %(floors)s WHERE NOT embedding_floors ? %(model)s"
FAILED = """
UPDATE installation SET embedding_failure = %(failure)s,
       embedding_failing_at = CASE WHEN %(failure)s::text IS NOT NULL THEN coalesce(embedding_failing_at, now()) END
  FROM (SELECT embedding_failing_at AS since FROM installation
         WHERE embedding_failure IS DISTINCT FROM %(failure)s FOR UPDATE) was
RETURNING was.since < now() - interval '1 minute'"""


class Floors(NamedTuple):
    """Cosines. Nothing is shown unless something is `near`; then what is no farther than `far`, for who reads on."""

    near: float
    far: float


# What 99 and 90 of 100 pairs of requests that have nothing to do with each other stay below.
LOCAL_FLOORS = Floors(0.33, 0.2)
# For the same of a model that we do not know: requests of which no two ask for the same, in the languages people write in.
UNRELATED = (
    "Dark mode", "Export invoices as a spreadsheet", "Sign in with a fingerprint", "Repeat a task every month",
    "The map is blurred when I zoom in", "Translate the menu into Finnish", "Refunds take too long", "Play the song slower",
    "Share a folder with a guest", "Print two labels on one page", "Warn me before my card expires", "Sort by distance",
    "Undo the last stroke", "Webhooks for new orders", "The app drains my battery", "Invite my colleagues by link",
    "Bilder drehen", "Steuersatz je Land", "Rechercher dans les commentaires", "Ajouter une signature",
    "Cambiar la moneda", "Notificaciones en silencio", "通知音を変えたい", "カレンダーを共有したい", "تغيير حجم الخط",
    "حذف الحساب", "Тёмная тема", "Импорт контактов",
)  # fmt: skip


class Models(NamedTuple):
    """Whose vectors answer, and whose are being made for later (None: nobody's)."""

    current: str
    next: str | None
    floors: dict[str, list[float]]  # of models that are not ours

    def floors_of(self, model: str) -> Floors | None:
        """None: nobody has measured them yet."""
        if model == embeddings.MODEL:
            return LOCAL_FLOORS
        return Floors(*self.floors[model]) if model in self.floors else None


class Memory:
    """What this process knows without asking."""

    server: Server | None = None
    models: Models | None = None
    looked_at = 0.0
    failure: str | None = ""  # that it has written down; "": nothing yet, neither that there is one nor that there is none


memory = Memory()


def start(settings: Config) -> None:
    """Make vectors as these settings say."""
    memory.server = settings.embeddings_url and Server(settings.embeddings_url, settings.embeddings_api_key)
    forget()


def forget() -> None:
    """Look again who answers: it has just changed, or the database is another one."""
    memory.models, memory.failure = None, ""


def models() -> Models:
    """Whose vectors answer, as this process knew LOOK_SECONDS ago at most. (Those of a model that has just been replaced are
    kept for a minute.)"""
    if memory.models is None or time.monotonic() - memory.looked_at > LOOK_SECONDS:
        memory.models, memory.looked_at = latest(), time.monotonic()
    return memory.models


def latest() -> Models:
    return Models(*(db.row(MODELS) or (embeddings.MODEL, None, {})))


# ── what somebody types ──


def of_typed(model: str, language: str, typed: str) -> str | None:
    """The vector of a short text, as pgvector reads it; None when the model cannot tell what it means, or its server is not
    quick enough to wait for: then words answer."""
    if model == embeddings.MODEL:
        means = speaks(model, language) and embeddings.reads(typed) and not embeddings.is_crumbs(typed)
        return embeddings.query(typed) if means else None
    if memory.server is None:
        return None
    vector = memory.server.soon(model, typed)
    if memory.server.failure not in ("", memory.failure):  # "": it was not asked often enough to know
        note(memory.server.failure)
    return None if vector is None else embeddings.written(vector)


def speaks(model: str, language: str) -> bool:
    """Whether this model's vectors mean anything in a workspace of this language; a server's do in all that we know."""
    return model != embeddings.MODEL or language in KNOWN_LANGUAGES


def note(failure: str | None) -> None:
    """Write down why the server gives no vectors, or that it does again, for the dashboard; after a minute without any, what
    waits for it is due then. Other processes do so too, so what this one wrote last may stand there no longer."""
    memory.failure = failure
    changed = db.row(FAILED, failure=failure)
    if failure is None and changed and changed[0]:
        jobs.hasten(EMBED)


# ── what a post says ──


def renew(event: Event) -> None:
    """Have a post's vector made, once however often its text changes before that."""
    if event.type == "post.updated" and not {"title", "body"} & set(event.data["changed"]):
        return
    later(event.workspace_id, event.post_number)


def later(workspace_id: int, number: int) -> None:
    """Have a job make the vector of this post."""
    jobs.enqueue(EMBED, workspace_id, unique_key=str(number), queue=QUEUE, max_attempts=MOST_ATTEMPTS, post=number)


class Text(NamedTuple):
    """What a post says, and the digest of what its vector was made of."""

    number: int
    title: str
    body: str
    made_of: bytes | None

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(f"{self.title}\n{self.body}".encode()).digest()

    @property
    def is_new(self) -> bool:
        """Whether it has no vector, or one of what it said before."""
        return self.made_of is None or bytes(self.made_of) != self.digest


def embed(job: jobs.Job) -> None:
    """Make the vector of a post, by every model whose vectors are wanted, unless its text changes meanwhile: then another
    job waits that reads the new one. A server is given the posts that wait beside it, too.

    A post that the model cannot read gets none, and is found by its words. Raises Unreachable to be tried again."""
    now, failed = latest(), None
    for model in filter(None, (now.current, now.next)):
        try:
            keep(job.workspace_id, model, stale(job, model))
        except Unreachable as away:  # of two servers one may be gone for good, and the other soon answers
            failed = away
        else:
            compare(job.workspace_id, job.args["post"])
    if failed:
        raise failed


def compare(workspace_id: int, number: int) -> None:
    """Have the posts looked for, once, that are likely to be the same as this one (comparing.compare)."""
    jobs.enqueue(COMPARE, workspace_id, unique_key=str(number), queue=DUPLICATES, post=number)


def stale(job: jobs.Job, model: str) -> list[Text]:
    """The post of this job, if it needs a vector of this model, and to a server those of others like it that do."""
    alone = model == embeddings.MODEL or job.attempt > 1  # it may be what the server fails at: it must not stop the others
    more = [] if alone else [args["post"] for args in jobs.beside(job, TOGETHER - 1)]
    found = db.rows(TEXTS, workspace=job.workspace_id, model=model, numbers=[job.args["post"], *more])
    new = [text for text in (Text(*row) for row in found) if text.is_new]
    return new if job.args["post"] in {text.number for text in new} else []  # else each would take but one more along


def keep(workspace_id: int, model: str, texts: list[Text]) -> None:
    """Make and keep the vectors of these posts. What the model cannot read any more loses the one it had."""
    vectors = of_posts(model, texts)
    for text, vector in zip(texts, vectors, strict=True):
        made_of = {"workspace": workspace_id, "model": model, "number": text.number, "title": text.title, "body": text.body}
        if vector is None:
            db.changed(FORGET, **made_of)
        else:
            db.changed(KEEP, **made_of, vector=vector, digest=text.digest)


def of_posts(model: str, texts: list[Text]) -> list[str | None]:
    """Vectors of posts, as pgvector reads them; None for what the model cannot read. Raises Unreachable."""
    if not texts:
        return []
    if model == embeddings.MODEL:
        return [embeddings.document(each.title, each.body) if embeddings.reads(each.title) else None for each in texts]
    measure(model)
    made = asked(model, [f"{each.title}\n{each.body[:LONGEST_BODY]}".strip() for each in texts])
    return [embeddings.written(vector) for vector in made]


def asked(model: str, texts: list[str]) -> numpy.ndarray:
    """Vectors from the server, shape (len(texts), 384). Raises Unreachable; either is noted for the dashboard."""
    if memory.server is None:
        raise Unreachable("EMBEDDINGS_URL is not set, so nobody can be asked for vectors.", "blocked")
    try:
        made = memory.server.embed(model, texts)
    except Unreachable as failed:
        if failed.kind != "refused" or not is_well(model):
            note(str(failed))
        raise
    note(None)
    return made


def is_well(model: str) -> bool:
    """Whether the server gives vectors of anything."""
    try:
        memory.server.embed(model, [SAMPLE])
    except Unreachable:
        return False
    return True


def measure(model: str) -> None:
    """Find out, once, how near texts of a model are that have nothing to do with each other."""
    if latest().floors_of(model) is None:
        db.changed(MEASURED, model=model, floors=Json({model: floors_in(asked(model, list(UNRELATED)))}))


def floors_in(vectors: numpy.ndarray) -> Floors:
    """What 99 and 90 of 100 pairs of these stay below, which are of unit length."""
    pairs = (vectors @ vectors.T)[numpy.triu_indices(len(vectors), k=1)]
    return Floors(*(round(float(each), 3) for each in numpy.percentile(pairs, (99, 90))))
