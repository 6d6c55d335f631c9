"""The shape of a table, and the columns that peewee does not know."""

from peewee import BigIntegerField, CompositeKey, Field, IntegerField, Model
from playhouse.postgres_ext import DateTimeTZField

from service.db import database


class RegConfigField(Field):
    """The name of a full-text configuration, e.g. `english`."""

    field_type = "REGCONFIG"


class HalfVecField(Field):
    """384 half-precision floats of unit length."""

    field_type = "HALFVEC"


class BitsField(Field):
    """The signs of those."""

    field_type = "BITS"


class Table(Model):
    class Meta:
        database = database
        legacy_table_names = False


class Numbered(Table):
    """A table whose rows are numbered across all workspaces and found through their own."""

    workspace_id = BigIntegerField()
    id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "id")


class PostAndUser(Table):
    workspace_id = BigIntegerField()
    post_number = IntegerField()
    user_id = BigIntegerField()
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "post_number", "user_id")
