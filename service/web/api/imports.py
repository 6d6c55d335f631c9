"""/api/v1/imports: files of other systems, and exports of Sayso, read into the workspace."""

import msgspec

from service import shapes
from service.errors import Invalid
from service.feedback import imports
from service.web import cursors
from service.web.operations import Call, Created, operation


class Imports:
    @operation("List imports", query=shapes.Paged, answers=shapes.Imports, scope="admin")
    def on_get(self, call):
        """The newest first."""
        found = imports.of(call.reader, call.query.limit + 1, cursors.after(call.query.cursor, "imports"))
        page, following = cursors.cut(found, call.query.limit, "imports")
        return shapes.Imports([shapes.import_(each) for each in page], following)

    @operation("Import a file", query=shapes.NewImport, answers=shapes.Import, scope="admin", reads=True)
    def on_post(self, call):
        """At most 10 MB; `sayso import` on the server takes more. Its rows are read in the background, the good ones become
        posts, votes and comments, and the bad ones are listed. A row with an id is imported once, however often it is sent.
        Nobody gets a letter or a webhook about what is imported."""
        made = imports.begin(call.reader, call.query.source, *call.body, mapping_of(call), call.query.dry_run)
        return Created(f"/api/v1/imports/{made.id}", shapes.import_(made))


class Import:
    @operation("One import", answers=shapes.Import, scope="admin")
    def on_get(self, call, import_id):
        return shapes.import_(imports.find(call.reader, import_id))


class Rows:
    @operation("The rows of an import", query=shapes.ImportRowFilter, answers=shapes.ImportRows, scope="admin")
    def on_get(self, call, import_id):
        """In the order of the file; for 400 days."""
        after = cursors.after(call.query.cursor, "import-rows") or 0
        found = imports.lines(call.reader, import_id, call.query.limit + 1, after, call.query.outcome)
        page, following = cursors.cut(found, call.query.limit, "import-rows", lambda line: line.number)
        return shapes.ImportRows([shapes.import_row(each) for each in page], following)


class Stop:
    @operation("Stop an import", answers=shapes.Import, scope="admin", statuses=(200,))
    def on_post(self, call, import_id):
        """What is made stays, and can be undone. One that has ended stays as it is."""
        return shapes.import_(imports.stop(call.reader, import_id))


class Undo:
    @operation("Undo an import", answers=shapes.Import, scope="admin", statuses=(200,))
    def on_post(self, call, import_id):
        """Within an hour of its end. What somebody has voted for, commented or changed since stays; its rows say `left`."""
        return shapes.import_(imports.undo(call.reader, import_id))


def mapping_of(call: Call) -> dict:
    """What the parameters say of what goes where."""
    try:
        said = msgspec.json.decode(call.query.mapping or "{}", type=dict)
    except (msgspec.DecodeError, RecursionError):
        raise Invalid(mapping="This is no JSON object.") from None
    return said | ({"board": call.query.board} if call.query.board else {})
