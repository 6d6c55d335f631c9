"""What an export says of itself to whoever opens it."""

from datetime import datetime
from textwrap import fill, indent

from service.feedback.export_tables import TABLES, Table
from service.feedback.workspaces import Workspace
from service.lib import text

WIDTH = 100  # characters of a line
BEGINNING = """
Everything in the workspace, as its team sees it: internal notes and what waits for approval too.
Deleted posts are not in it, nor are keys, secrets, sessions, letters that were sent, and webhooks.

NAME.csv       for people: opens in a spreadsheet. Moments are in UTC. A text that a spreadsheet
               would compute has a ' before it.
NAME.jsonl     for programs: a line of JSON a row, in UTF-8, with the words of the API. Moments are
               RFC 3339; null: there is none.
files/         what was attached. A name begins with the id that files.jsonl has for it.
manifest.json  what is in here: rows and bytes of each NAME.jsonl.

“sayso import sayso FILE” reads it into another workspace. What was written while it was made may be in it or not.

It holds what your users told you, with their addresses. Keep it as you keep those.
"""


def readme(workspace: Workspace, made_at: datetime) -> str:
    """README.txt: what is in the file, column by column."""
    title = f"{text.tidy_line(workspace.name)}, as of {made_at:%Y-%m-%d %H:%M} UTC"
    tables = "\n".join(map(described, sorted(TABLES)))
    whole = f"{title}\n{'=' * len(title)}\n{BEGINNING}\n{tables}"
    return whole.replace("\n", "\r\n")  # as every editor of every system shows it


def described(table: Table) -> str:
    lines = [f"{column.name}{f': {column.about}' if column.about else ''}{' (CSV only)' if column.is_extra else ''}"
             for column in table.columns]  # fmt: skip
    columns = "\n".join(fill(line, WIDTH - 2, subsequent_indent="  ") for line in lines)
    return f"{table.name}\n  {table.about}\n{indent(columns, '    ')}\n"
