"""What is kept only for a time, deleted in small pieces: no statement runs long, and none is undone by another."""

from service import db
from service.jobs import Job

PRUNE = "rows.prune"  # kind of the job
AT_ONCE = 5000  # rows a statement

# table, column of its age, days; the operator's own work, so it looks at all workspaces
KEPT = [
    ("letter", "created_at", 400),
    ("event", "created_at", 400),
    ("job_dead", "died_at", 30),
    ("session", "created_at", 30),
    ("cron_run", "due_at", 7),
    ("sign_in_link", "created_at", 1),
    ("rate", "window_start", 1),
]
DELETE = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM {table} WHERE {age} < now() - %(days)s * interval '1 day' LIMIT %(most)s))"""
STATEMENTS = [(DELETE.format(table=table, age=age), days) for table, age, days in KEPT]


def prune(job: Job) -> None:  # noqa: ARG001 (a handler takes its job)
    """Delete what is older than it is kept."""
    for statement, days in STATEMENTS:
        while db.changed(statement, days=days, most=AT_ONCE) == AT_ONCE:
            pass
