"""What search engines may read of a workspace: every page that everyone sees, and when it changed."""

from collections.abc import Iterable
from datetime import datetime

from service import db
from service.feedback.readers import listed
from service.feedback.workspaces import Workspace

MOST = 50_000  # addresses in a sitemap (sitemaps.org)
PAGES = f"""
SELECT path, changed FROM (
  (SELECT '/posts/' || p.number AS path, p.updated_at AS changed, 1 AS kind, p.number AS place FROM post p
    WHERE p.workspace_id = %(workspace)s AND {listed("false", "NULL::bigint")} ORDER BY p.number DESC LIMIT %(most)s)
  UNION ALL
  (SELECT '/changelog/' || e.id, greatest(e.updated_at, e.published_at), 0, e.id FROM changelog_entry e
    WHERE e.workspace_id = %(workspace)s AND e.published_at <= now() ORDER BY e.id DESC LIMIT 5000)) page
 ORDER BY kind, place DESC LIMIT %(most)s"""


def pages(workspace: Workspace, most: int) -> Iterable[tuple[str, datetime]]:
    """(path below the board, when it changed) of what everyone may read: entries, then posts, the newest first."""
    return db.rows(PAGES, workspace=workspace.id, most=most)
