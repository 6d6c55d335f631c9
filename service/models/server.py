"""How the server fares, for all workspaces together (migrations/0005)."""

from peewee import BigIntegerField, BlobField, FloatField, IntegerField, TextField
from playhouse.postgres_ext import DateTimeTZField

from service.models.table import Table


class Measurement(Table):
    hour = DateTimeTZField(primary_key=True)
    answers = BigIntegerField()
    slow_answers = BigIntegerField()
    cpu = FloatField(null=True)
    memory = FloatField(null=True)
    disk = FloatField(null=True)
    connections = IntegerField(null=True)
    most_connections = IntegerField(null=True)
    complaints = IntegerField(null=True)


class SlowQuery(Table):
    id = BlobField(primary_key=True)
    text = TextField()
    plan = TextField(null=True)
    times = BigIntegerField()
    longest_ms = IntegerField()
    first_seen = DateTimeTZField()
    last_seen = DateTimeTZField()
