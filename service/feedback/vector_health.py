"""How it stands with the vectors, for who runs the server: whose answer, whose are being made, and what is wrong."""

from datetime import datetime
from typing import NamedTuple
from urllib.parse import urlsplit

from service import db
from service.config import Config
from service.lib import embeddings

MOST_COUNTED = 10_000  # vectors

# However many vectors there are, no more than `most` are counted, each found by its key.
STANDING = """
SELECT embedding_model, embedding_next, embedding_failure, embedding_failing_at,
       CASE WHEN embedding_next IS NOT NULL THEN (SELECT count(*) FROM (
         SELECT FROM workspace w, LATERAL (
           SELECT FROM post_embedding WHERE workspace_id = w.id AND model = embedding_next LIMIT %(most)s) made
          LIMIT %(most)s) few) END,
       CASE WHEN embedding_next IS NOT NULL THEN (SELECT coalesce(sum(next_post - 1), 0)::bigint FROM workspace_counter) END
  FROM installation"""


class Standing(NamedTuple):
    current: str  # whose vectors answer
    next: str | None
    failure: str | None  # of the server, when it is needed
    failing_since: datetime | None
    made: int | None  # vectors of `next`, of at most MOST_COUNTED
    posts: int | None  # ever written
    host: str | None  # of the server; None: EMBEDDINGS_URL is not set
    wanted: str  # the model that the settings name

    @property
    def is_local(self) -> bool:
        return self.current == embeddings.MODEL


def standing(settings: Config) -> Standing:
    """As it is now. What a server failed at counts only while one is needed."""
    found = db.row(STANDING, most=MOST_COUNTED) or (embeddings.MODEL, *[None] * 5)
    host = urlsplit(settings.embeddings_url).hostname if settings.embeddings_url else None
    now = Standing(*found, host, (host and settings.embeddings_model) or embeddings.MODEL)
    needed = host and {now.current, now.next} - {None, embeddings.MODEL}
    return now if needed else now._replace(failure=None, failing_since=None)
