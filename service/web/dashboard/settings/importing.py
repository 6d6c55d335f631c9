"""Feedback from elsewhere: a file is sent, its columns are chosen, it is rehearsed, imported, and can be taken back for an
hour. Owners and admins do it, and see it: a file holds what people wrote, with their addresses."""

from service.errors import Invalid
from service.feedback import boards, import_files, import_limits, imports, members
from service.sources import columns
from service.sources.csv_file import Layout
from service.web import cursors, inputs
from service.web.dashboard import places
from service.web.dashboard.page import at
from service.web.dashboard.settings import Setting
from service.web.guards import require_admin
from service.web.page import Done
from service.web.pages import query

PAGE, LINES = 20, 50
FILES = (
    ("csv", "A table (CSV)"), ("canny", "Canny: answers of its API as JSON, or its CSV"),
    ("sayso", "Sayso: an export, the zip"),
)  # fmt: skip
ROWS = (("posts", "Posts"), ("votes", "Votes"), ("comments", "Comments"))
DATES = (("", "2026-03-01, or where it is clear"), ("day", "Day first: 31/12/2026"), ("month", "Month first: 12/31/2026"))
OUTCOMES = ("wrong", "made", "known", "left", "undone")
CALLED = {
    "title": "Title", "body": "Details", "status": "Status", "board": "Board", "tags": "Tags", "votes": "Number of votes",
    "voters": "Voters (addresses)", "created_at": "Date", "id": "Id", "url": "Former address", "author_name": "Whose: name",
    "author_email": "Whose: e-mail", "author_id": "Whose: your id of them", "post": "Id of the post",
    "parent": "Id of the comment it answers", "internal": "Internal (yes or no)",
}  # fmt: skip


class Imports(Setting):
    """What was imported, and the form for another file."""

    key = "import"
    takes_file = True

    def show(self, req, resp):
        require_admin(req)
        found = imports.of(req.context.reader, PAGE + 1, places.number_after(req, "imports"))
        page, following = cursors.cut(found, PAGE, "imports")
        self.render(
            req, resp, imports=[(each, members.named(each.person)) for each in page], files=FILES,
            is_under_way=any(each.is_under_way for each in page), largest=import_files.LARGEST >> 20,
            next_url=following and query(cursor=following),
        )  # fmt: skip

    def upload(self, req):
        sent = req.context.get("upload")
        if sent is None or not sent.name:
            raise Invalid(file="Choose a file.")
        made = imports.upload(req.context.reader, req.context.form.get("source", ""), sent.name, sent.data)
        return Done(to=at(req, f"settings/import/{made.id}"))

    deeds = {"upload": upload}


class Import(Setting):
    """One file: what its columns are, how far it is, what became of its rows."""

    key = "import"
    template = "import_one"

    def show(self, req, resp, import_id):
        require_admin(req)
        reader = req.context.reader
        found, outcome = imports.find(reader, import_id), inputs.param(req, "outcome")
        after = places.number_after(req, "import-rows") or 0
        chosen = outcome if outcome in OUTCOMES else "wrong"
        lines, following = cursors.cut(
            imports.lines(reader, import_id, LINES + 1, after, chosen), LINES, "import-rows", lambda line: line.number
        )
        self.render(
            req, resp, found=found, name=members.named(found.person), source=dict(FILES)[found.source], lines=lines,
            outcome=chosen, outcomes=OUTCOMES, first=int(found.is_table), boards=boards.of(reader),
            table=self.table(req, found), next_url=following and query(outcome=chosen, cursor=following),
            waiting=None if found.is_under_way else import_limits.waiting(reader.workspace.id, found.id, found.is_dry),
        )  # fmt: skip

    def table(self, req, found: imports.Import) -> dict | None:
        """What can be chosen of a file that can still be imported: nothing of one that is no table."""
        if found.is_under_way or not (found.state == "draft" or found.is_dry) or not found.has_file:
            return None
        typed = self.said(req) if req.method == "POST" and req.context.form.get("do") == "start" else found.mapping
        layout = imports.table(req.context.reader, found.id)
        return {"typed": typed, "of_columns": layout and of_columns(layout, typed)}

    def said(self, req) -> dict:
        """What the form says of what goes where."""
        form = req.context.form
        rows = form.get("rows", "")
        said = {name: form.get(name, "").strip() for name in ("board", "new_boards", "system", "dates", "rows")}
        if rows in columns.FIELDS:
            said["columns"] = {name: form.get(f"column-{name}", "") for name in columns.FIELDS[rows]}
        return {name: value for name, value in said.items() if value}

    def choose(self, req, import_id):
        """Another kind of row has other columns, which are guessed anew."""
        imports.choose(req.context.reader, import_id, {"rows": req.context.form.get("rows", "")})

    def start(self, req, import_id):
        is_dry = "dry" in req.context.form
        imports.start(req.context.reader, import_id, self.said(req), is_dry)
        return Done("The rehearsal is under way. It makes nothing." if is_dry else "The import is under way.")

    def go_on(self, req, import_id):
        imports.go_on(req.context.reader, import_id)
        return Done("It goes on after the last row that was looked at.")

    def stop(self, req, import_id):
        imports.stop(req.context.reader, import_id)
        return Done("The import was stopped. What was made stays.")

    def take_back(self, req, import_id):
        imports.undo(req.context.reader, import_id)
        return Done("The import is being taken back.")

    def discard(self, req, import_id):
        imports.discard(req.context.reader, import_id)
        return Done("The file was deleted.", to=at(req, "settings/import"))

    deeds = {"choose": choose, "start": start, "go_on": go_on, "stop": stop, "take_back": take_back, "discard": discard}


def of_columns(layout: Layout, typed: dict) -> dict:
    """The columns of a table: what each of ours is taken from, with what the first rows say there."""
    guess = columns.guessed(layout.headers)
    rows = typed["rows"] if typed.get("rows") in columns.FIELDS else guess.rows
    taken = (guess.columns if guess.rows == rows else {}) | typed.get("columns", {})
    fields = [(name, CALLED[name], taken.get(name, ""), layout.examples.get(taken.get(name, ""), ()))
              for name in columns.FIELDS[rows]]  # fmt: skip
    headers = [header for header in layout.headers if header]
    return {"fields": fields, "rows": rows, "headers": headers, "is_guess": layout.is_guess, "all_rows": ROWS,
            "dates": DATES}  # fmt: skip
