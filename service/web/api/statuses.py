"""/api/v1/statuses"""

from service import shapes
from service.feedback import statuses
from service.web import cursors
from service.web.operations import Created, operation


class Statuses:
    @operation("List statuses", query=shapes.Paged, answers=shapes.Statuses)
    def on_get(self, call):
        """In the order in which they are shown. A new post begins at the first one of kind `open`."""
        page, following = cursors.part(statuses.of(call.workspace.id), call.query, "statuses")
        return shapes.Statuses([shapes.status(status) for status in page], following)

    @operation("Make a status", takes=shapes.NewStatus, answers=shapes.ColoredStatus, scope="admin")
    def on_post(self, call):
        new = call.body
        made = statuses.create(call.reader, new.key, new.name, new.kind, new.color, new.position)
        return Created(f"/api/v1/statuses/{made.key}", shapes.status(made))


class Status:
    @operation("One status", answers=shapes.ColoredStatus)
    def on_get(self, call, status):
        return shapes.status(statuses.find(call.reader, status))

    @operation("Change a status", takes=shapes.StatusChange, answers=shapes.ColoredStatus, scope="admin")
    def on_patch(self, call, status):
        """The posts that stand there follow. One status of kind `open` must be left."""
        new = call.body
        return shapes.status(statuses.change(
            call.reader, status, name=new.name, kind=new.kind, color=new.color, position=new.position,
        ))  # fmt: skip

    @operation("Take a status away", query=shapes.Removal, scope="admin")
    def on_delete(self, call, status):
        """Its posts move `into` another status, which must be named if there are any; nobody gets a letter about that. One
        status of kind `open` must be left."""
        statuses.delete(call.reader, status, call.query.into)
