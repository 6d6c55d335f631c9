"""Where posts stood before they were imported: their links lead on, wherever they were kept."""

from urllib.parse import unquote, urlsplit

from service import db
from service.feedback.readers import readable

LONGEST = 500  # characters of a path
FIND = """
SELECT w.id, f.post_number FROM workspace w JOIN former_address f ON f.workspace_id = w.id AND f.path = %(path)s
 WHERE w.slug = %(at)s OR (w.domain = %(at)s AND w.domain_seen_at IS NOT NULL)"""
READABLE = f"SELECT FROM post p WHERE p.workspace_id = %(workspace)s AND p.number = %(number)s AND {readable()}"


def find(at: str, path: str) -> int | None:
    """The number of the post that stood at this path, if everybody may read it. `at` is the slug or domain of a board."""
    plain = path.rstrip("/")
    row = db.row(FIND, at=at, path=plain) if 1 < len(plain) <= LONGEST and "\0" not in plain else None
    if row is None:
        return None
    workspace, number = row
    is_public = db.row(READABLE, workspace=workspace, number=number, user=None, member=False) is not None
    return number if is_public else None


def path_of(url: str | None) -> str | None:
    """Where a post stood, without the host; None when that can be no place of its own, as where a query says which post."""
    try:
        address = urlsplit((url or "").strip())
    except ValueError:
        return None
    if address.query or address.fragment:
        return None
    path = unquote(address.path).rstrip("/")
    fits = path.startswith("/") and len(path) <= LONGEST and path.isprintable()
    return path if fits else None
