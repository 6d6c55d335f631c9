"""/api/v1/exports: everything that is in a workspace, as one file."""

from service import shapes
from service.feedback import exports
from service.web import cursors, downloads
from service.web.operations import Created, Sent, operation


class Exports:
    @operation("List exports", query=shapes.Paged, answers=shapes.Exports, scope="admin")
    def on_get(self, call):
        """The newest first."""
        found = exports.of(call.reader, call.query.limit + 1, cursors.after(call.query.cursor, "exports"))
        page, following = cursors.cut(found, call.query.limit, "exports")
        return shapes.Exports([shapes.export(each) for each in page], following)

    @operation("Ask for an export", answers=shapes.Export, scope="admin", statuses=(201, 200))
    def on_post(self, call):
        """Of everything that is in the workspace. It is written in the background; read it again until its state is
        `ready`. While one is under way, that is the answer (200): there is one at a time, and at most 10 a day."""
        made, is_new = exports.request(call.reader)
        return Created(f"/api/v1/exports/{made.id}", shapes.export(made)) if is_new else shapes.export(made)


class Export:
    @operation("One export", answers=shapes.Export, scope="admin")
    def on_get(self, call, export):
        return shapes.export(exports.find(call.reader, export))

    @operation("Delete the file of an export", scope="admin")
    def on_delete(self, call, export):
        """One that is under way is stopped."""
        exports.delete(call.reader, export)


class Stop:
    @operation("Stop an export", answers=shapes.Export, scope="admin", statuses=(200,))
    def on_post(self, call, export):
        """One that has ended stays as it is."""
        return shapes.export(exports.stop(call.reader, export))


class File:
    @operation("The file of an export", scope="admin", sends=downloads.ZIP)
    def on_get(self, call, export):
        """A zip: for each table a CSV and lines of JSON, what was attached in a folder, and a README.txt that explains every
        column. Two at a time are sent."""
        return Sent(*downloads.whole(call.workspace, exports.ready(call.reader, export)))
