"""What comes in and leaves: subscriptions, imports, exports (migrations/0011)."""

from peewee import BigIntegerField, BlobField, BooleanField, CompositeKey, IntegerField, TextField
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField

from service.models.table import Numbered, Table


class StripeEvent(Table):
    id = TextField(primary_key=True)
    type = TextField()
    created_at = DateTimeTZField()


class Subscription(Table):
    workspace_id = BigIntegerField(primary_key=True)
    version = BigIntegerField()
    stripe_id = TextField(null=True)
    status = TextField(null=True)
    period = TextField(null=True)
    period_ends_at = DateTimeTZField(null=True)
    trial_ends_at = DateTimeTZField(null=True)
    is_ending = BooleanField()
    had_trial = BooleanField()
    live = IntegerField()
    past_due_since = DateTimeTZField(null=True)
    reminded_at = DateTimeTZField(null=True)
    changed_at = DateTimeTZField()


class Import(Numbered):
    source = TextField()
    name = TextField()
    mapping = BinaryJSONField(index=False)
    is_dry = BooleanField()
    state = TextField()
    total = IntegerField(null=True)
    done = IntegerField()
    made = IntegerField()
    known = IntegerField()
    wrong = IntegerField()
    said = TextField(null=True)
    person_id = BigIntegerField(null=True)
    created_at = DateTimeTZField()
    finished_at = DateTimeTZField(null=True)


class ImportPart(Table):
    workspace_id = BigIntegerField()
    import_id = BigIntegerField()
    number = IntegerField()
    data = BlobField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "import_id", "number")


class ImportRow(Table):
    workspace_id = BigIntegerField()
    import_id = BigIntegerField()
    number = IntegerField()
    kind = TextField()
    outcome = TextField()
    said = TextField(null=True)
    local = BigIntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("workspace_id", "import_id", "number")


class Imported(Table):
    workspace_id = BigIntegerField()
    kind = TextField()
    source_key = BlobField()
    local = BigIntegerField()
    import_id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "kind", "source_key")


class FormerAddress(Table):
    workspace_id = BigIntegerField()
    path = TextField()
    post_number = IntegerField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "path")


class Export(Numbered):
    state = TextField()
    total = IntegerField(null=True)
    done = IntegerField()
    size = BigIntegerField(null=True)
    sha256 = BlobField(null=True)
    said = TextField(null=True)
    person_id = BigIntegerField(null=True)
    created_at = DateTimeTZField()
    finished_at = DateTimeTZField(null=True)


class ExportPart(Table):
    workspace_id = BigIntegerField()
    export_id = BigIntegerField()
    number = IntegerField()
    data = BlobField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "export_id", "number")
