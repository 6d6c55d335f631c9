"""/api/v1/tags"""

from service import shapes
from service.feedback import tags
from service.web import cursors
from service.web.operations import Created, operation


class Tags:
    @operation("List tags", query=shapes.Paged, answers=shapes.Tags)
    def on_get(self, call):
        """By their keys. Users never see tags."""
        page, following = cursors.part(tags.of(call.reader), call.query, "tags")
        return shapes.Tags([shapes.tag(tag) for tag in page], following)

    @operation("Make a tag", takes=shapes.NewTag, answers=shapes.Tag)
    def on_post(self, call):
        made = tags.create(call.reader, call.body.key, call.body.name, call.body.color)
        return Created(f"/api/v1/tags/{made.key}", shapes.tag(made))


class Tag:
    @operation("One tag", answers=shapes.Tag)
    def on_get(self, call, tag):
        return shapes.tag(tags.find(call.reader, tag))

    @operation("Change a tag", takes=shapes.TagChange, answers=shapes.Tag)
    def on_patch(self, call, tag):
        return shapes.tag(tags.change(call.reader, tag, name=call.body.name, color=call.body.color))

    @operation("Take a tag away")
    def on_delete(self, call, tag):
        """It is taken off every post that has it."""
        tags.delete(call.reader, tag)
