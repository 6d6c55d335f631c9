"""/api/v1/events: what happened, to pull."""

from service.feedback import activity
from service.web import shapes
from service.web.operations import operation


class Events:
    @operation("What happened", query=shapes.EventFilter, answers=shapes.Events)
    def on_get(self, call):
        """The oldest first. Remember the `id` of the last one you saw and ask for what came `after` it: numbers grow in the
        order in which things became visible, so none is ever skipped."""
        after, limit = call.query.after, call.query.limit
        found = activity.after(call.workspace.id, after, limit + 1, call.query.type)
        return shapes.Events([shapes.event(each) for each in found[:limit]], found[limit - 1].seq if found[limit:] else None)
