"""/api/v1/fields"""

import msgspec

from service import shapes
from service.feedback import fields
from service.web import cursors
from service.web.operations import Created, operation


class Fields:
    @operation("List custom fields", query=shapes.Paged, answers=shapes.Fields)
    def on_get(self, call):
        """In the order in which they are asked."""
        page, following = cursors.part(fields.of(call.workspace.id), call.query, "fields")
        return shapes.Fields([shapes.field(field) for field in page], following)

    @operation("Make a custom field", takes=shapes.NewField, answers=shapes.Field, scope="admin")
    def on_post(self, call):
        """One that is required is asked of users; programs with a key may leave it out."""
        new = call.body
        made = fields.create(call.reader, new.key, new.name, new.type, required=new.required, options=new.options,
                             board=new.board, position=new.position)  # fmt: skip
        return Created(f"/api/v1/fields/{made.key}", shapes.field(made))


class Field:
    @operation("One custom field", answers=shapes.Field)
    def on_get(self, call, field):
        return shapes.field(fields.find(call.reader, field))

    @operation("Change a custom field", takes=shapes.FieldChange, answers=shapes.Field, scope="admin")
    def on_patch(self, call, field):
        """What posts say in it stays as it is, also with an option that is no longer there."""
        new = call.body
        return shapes.field(fields.change(
            call.reader, field, name=new.name, required=new.required, options=new.options,
            board=... if new.board is msgspec.UNSET else new.board, position=new.position,
        ))  # fmt: skip

    @operation("Take a custom field away", scope="admin")
    def on_delete(self, call, field):
        """What posts say in it goes with it."""
        fields.delete(call.reader, field)
