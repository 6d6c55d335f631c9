"""The queue (migrations/0003)."""

from peewee import CompositeKey, SmallIntegerField, TextField, UUIDField
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField

from service.models.table import Numbered, Table


class Job(Numbered):
    queue = TextField()
    kind = TextField()
    run_at = DateTimeTZField()
    attempt = SmallIntegerField()
    max_attempts = SmallIntegerField()
    crashes = SmallIntegerField()
    claim = UUIDField(null=True)
    worker = TextField(null=True)
    lease_until = DateTimeTZField(null=True)
    unique_key = TextField(null=True)
    args = BinaryJSONField(index=False)
    last_error = TextField(null=True)
    created_at = DateTimeTZField()


class JobDead(Job):
    died_at = DateTimeTZField()
    reason = TextField()


class CronRun(Table):
    name = TextField()
    due_at = DateTimeTZField()
    enqueued_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("name", "due_at")
