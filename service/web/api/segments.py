"""/api/v1/segments"""

import msgspec

from service import shapes
from service.feedback import segments
from service.web import cursors
from service.web.operations import Created, operation


class Segments:
    @operation("List segments", query=shapes.Paged, answers=shapes.Segments)
    def on_get(self, call):
        page, following = cursors.part(segments.of(call.reader), call.query, "segments")
        return shapes.Segments([shapes.segment(segment) for segment in page], following)

    @operation("Make a segment", takes=shapes.NewSegment, answers=shapes.Segment, scope="admin")
    def on_post(self, call):
        """A user is in it when their token names it, or when it has rules and all of them hold."""
        new = call.body
        made = segments.create(call.reader, new.key, new.name, msgspec.to_builtins(new.rules))
        return Created(f"/api/v1/segments/{made.key}", shapes.segment(made))


class Segment:
    @operation("One segment", answers=shapes.Segment)
    def on_get(self, call, segment):
        return shapes.segment(segments.find(call.reader, segment))

    @operation("Change a segment", takes=shapes.SegmentChange, answers=shapes.Segment, scope="admin")
    def on_patch(self, call, segment):
        new = msgspec.to_builtins(call.body)
        return shapes.segment(segments.change(call.reader, segment, name=new["name"], rules=new["rules"]))

    @operation("Take a segment away", scope="admin")
    def on_delete(self, call, segment):
        """Refused (409) while a board is for this segment alone."""
        segments.delete(call.reader, segment)
