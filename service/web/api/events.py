"""/api/v1/events: what happened, to pull."""

from service import shapes
from service.errors import Invalid
from service.feedback import activity
from service.web import cursors
from service.web.operations import operation


class Events:
    @operation("What happened", query=shapes.EventFilter, answers=shapes.Events)
    def on_get(self, call):
        """The oldest first. Remember the `id` of the last one you saw and ask for what came `after` it: numbers grow in the
        order in which things became visible, so none is ever skipped. Of keys and members only keys with the scope `admin`
        hear."""
        query = call.query
        if query.cursor and query.after is not None:
            raise Invalid(after="Send `after` or `cursor`, not both.")
        seen = cursors.after(query.cursor, "events") or query.after or 0
        found = activity.after(call.workspace.id, seen, query.limit + 1, query.type, is_admin=call.is_admin)
        page, following = cursors.cut(found, query.limit, "events", lambda event: event.seq)
        return shapes.Events([shapes.event(each) for each in page], following)
