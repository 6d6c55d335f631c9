"""What tests of the end of a workspace do and look at."""

import re
from html import unescape

from service import db, jobs
from service.feedback import clearing, closing

TENANTS = """
SELECT DISTINCT quote_ident(c.table_name) FROM information_schema.columns c
  JOIN information_schema.tables t USING (table_schema, table_name)
 WHERE c.table_schema = 'public' AND c.column_name = 'workspace_id' AND t.table_type = 'BASE TABLE'"""
DUE = "UPDATE workspace SET erase_at = now() - interval '1 second' WHERE id = %(workspace)s"
TOLD = "SELECT type FROM event WHERE workspace_id = %(workspace)s AND type LIKE 'workspace.era%%' ORDER BY seq"


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def planned(company):
    return db.row("SELECT erase_at FROM workspace WHERE id = %(workspace)s", workspace=company.workspace.id)[0]


def told(company) -> list[str]:
    return [type.removeprefix("workspace.") for (type,) in db.rows(TOLD, workspace=company.workspace.id)]


def counted(company) -> dict[str, int]:
    """Rows of a workspace, by table."""
    of = {table: db.row(f"SELECT count(*) FROM {table} WHERE workspace_id = %(id)s", id=company.workspace.id)[0]
          for (table,) in db.rows(TENANTS)}  # fmt: skip
    return {table: count for table, count in of.items() if count}


def end(company) -> None:
    closing.plan(company.team, company.workspace.slug)
    db.changed(DUE, workspace=company.workspace.id)


def run_job() -> None:
    job = jobs.enqueue(clearing.ERASE)
    [claimed] = [each for each in jobs.claim("tests", 100, 60, after=jobs.FIRST) if each.id == job]
    clearing.erase_due(claimed)
