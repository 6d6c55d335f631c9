"""What follows from events outside: webhooks, and whom no letter reaches (migrations/0008)."""

from peewee import BigIntegerField, CompositeKey, IntegerField, SmallIntegerField, TextField
from playhouse.postgres_ext import ArrayField, BinaryJSONField, DateTimeTZField

from service.models.table import Numbered, Table


class Endpoint(Numbered):
    host = TextField()
    sealed_url = TextField()
    format = TextField()
    types = ArrayField(TextField, index=False)
    conditions = BinaryJSONField(index=False)
    sealed_secret = TextField()
    sealed_former = TextField(null=True)
    former_until = DateTimeTZField(null=True)
    state = TextField()
    failing_since = DateTimeTZField(null=True)
    warned_at = DateTimeTZField(null=True)
    resting_until = DateTimeTZField(null=True)
    busy_until = DateTimeTZField(null=True)
    created_at = DateTimeTZField()


class Delivery(Numbered):
    endpoint_id = BigIntegerField()
    event_seq = BigIntegerField()
    body = TextField(null=True)
    state = TextField()
    step = SmallIntegerField()
    attempts = SmallIntegerField()
    due_at = DateTimeTZField()
    created_at = DateTimeTZField()


class DeliveryAttempt(Table):
    workspace_id = BigIntegerField()
    delivery_id = BigIntegerField()
    number = SmallIntegerField()
    began_at = DateTimeTZField()
    milliseconds = IntegerField()
    status = SmallIntegerField(null=True)
    reason = TextField(null=True)
    answer = TextField(null=True)

    class Meta:
        primary_key = CompositeKey("workspace_id", "delivery_id", "number")


class EndpointReached(Table):
    workspace_id = BigIntegerField()
    endpoint_id = BigIntegerField()
    post_number = IntegerField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "endpoint_id", "post_number")


class Suppression(Table):
    workspace_id = BigIntegerField()
    email = TextField()
    reason = TextField()
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "email")
