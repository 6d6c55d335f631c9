"""Every table, as columns; defaults, foreign keys, checks and indexes stand in migrations/, verbs in feedback/.

Keys of a workspace's tables are composite and begin with workspace_id. Rows are made with
`Model.insert(...).returning(Model)`: `create()` cannot read a generated id back through a composite key."""

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    Field,
    IdentityField,
    IntegerField,
    Model,
    SmallIntegerField,
    TextField,
    UUIDField,
)
from playhouse.postgres_ext import ArrayField, BinaryJSONField, DateTimeTZField, TSVectorField

from service.db import database


class RegConfigField(Field):
    """The name of a full-text configuration, e.g. `english`."""

    field_type = "REGCONFIG"


class HalfVecField(Field):
    """384 half-precision floats of unit length."""

    field_type = "HALFVEC"


class Table(Model):
    class Meta:
        database = database
        legacy_table_names = False


# ── global ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class Installation(Table):
    only_one = BooleanField(primary_key=True)
    key_check = TextField()
    base_url = TextField(null=True)
    demo_id = BigIntegerField(null=True)
    created_at = DateTimeTZField()


class Workspace(Table):
    id = IdentityField()
    public_id = TextField()
    slug = TextField()
    name = TextField()
    language = RegConfigField()
    origins = ArrayField(TextField, index=False)
    key_generation = IntegerField()
    key_oldest = IntegerField()
    created_at = DateTimeTZField()


class Person(Table):
    id = IdentityField()
    email = TextField()
    name = TextField()
    created_at = DateTimeTZField()


class Session(Table):
    id = IdentityField()
    token_hash = BlobField()
    person_id = BigIntegerField()
    created_at = DateTimeTZField()
    seen_at = DateTimeTZField()


class SignInLink(Table):
    id = IdentityField()
    email = TextField(null=True)
    token_hash = BlobField(null=True)
    browser_hash = BlobField(null=True)
    created_at = DateTimeTZField()
    used_at = DateTimeTZField(null=True)


class Rate(Table):
    key = TextField(primary_key=True)
    window_start = DateTimeTZField()
    hits = IntegerField()


class CronRun(Table):
    name = TextField()
    due_at = DateTimeTZField()
    enqueued_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("name", "due_at")


# ── a workspace's ───────────────────────────────────────────────────────────────────────────────────────────────────


class WorkspaceCounter(Table):
    workspace_id = BigIntegerField(primary_key=True)
    next_post = IntegerField()
    next_event = BigIntegerField()


class IdentitySecret(Table):
    workspace_id = BigIntegerField()
    kid = TextField()
    sealed = TextField()
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "kid")


class Member(Table):
    workspace_id = BigIntegerField()
    person_id = BigIntegerField()
    role = TextField()
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "person_id")


class Numbered(Table):
    """A table whose rows are numbered across all workspaces and found through their own."""

    workspace_id = BigIntegerField()
    id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "id")


class ApiKey(Numbered):
    name = TextField()
    prefix = TextField()
    secret_hash = BlobField()
    scopes = ArrayField(TextField, index=False)
    person_id = BigIntegerField()
    expires_at = DateTimeTZField(null=True)
    used_at = DateTimeTZField(null=True)
    created_at = DateTimeTZField()


class Company(Numbered):
    external_id = TextField()
    name = TextField()
    plan = TextField()
    mrr = BigIntegerField()


class User(Numbered):
    external_id = TextField()
    kind = TextField()
    email = TextField(null=True)
    name = TextField()
    avatar = TextField(null=True)
    locale = TextField(null=True)
    traits = BinaryJSONField(index=False)
    segments = ArrayField(TextField, index=False)
    company_id = BigIntegerField(null=True)
    blocked_at = DateTimeTZField(null=True)
    session_version = IntegerField()
    first_seen_at = DateTimeTZField()
    last_seen_at = DateTimeTZField()


class Board(Numbered):
    key = TextField()
    name = TextField()
    description = TextField()
    access = TextField()
    position = SmallIntegerField()


class Status(Numbered):
    key = TextField()
    name = TextField()
    kind = TextField()
    color = TextField()
    position = SmallIntegerField()


class Post(Table):
    workspace_id = BigIntegerField()
    number = IntegerField()
    board_id = BigIntegerField()
    status_id = BigIntegerField()
    author_id = BigIntegerField(null=True)
    title = TextField()
    body = TextField()
    meta = BinaryJSONField(index=False)
    votes = IntegerField()
    comments = IntegerField()
    submission = TextField(null=True)
    language = RegConfigField()
    search = TSVectorField(null=True, index=False)  # generated by the database
    created_at = DateTimeTZField()
    updated_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "number")


class PostAndUser(Table):
    workspace_id = BigIntegerField()
    post_number = IntegerField()
    user_id = BigIntegerField()
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "post_number", "user_id")


class Vote(PostAndUser):
    pass


class Follower(PostAndUser):
    pass


class Comment(Numbered):
    post_number = IntegerField()
    user_id = BigIntegerField(null=True)
    body = TextField()
    created_at = DateTimeTZField()


class ChangelogEntry(Numbered):
    title = TextField()
    body = TextField()
    categories = ArrayField(TextField, index=False)
    published_at = DateTimeTZField(null=True)


class ChangelogPost(Table):
    workspace_id = BigIntegerField()
    entry_id = BigIntegerField()
    post_number = IntegerField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "entry_id", "post_number")


class PostEmbedding(Table):
    workspace_id = BigIntegerField()
    model = TextField()
    post_number = IntegerField()
    vector = HalfVecField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "model", "post_number")


class Event(Table):
    workspace_id = BigIntegerField()
    seq = BigIntegerField()
    type = TextField()
    post_number = IntegerField(null=True)
    user_id = BigIntegerField(null=True)
    person_id = BigIntegerField(null=True)
    data = BinaryJSONField(index=False)
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "seq")


class Letter(Numbered):
    event_seq = BigIntegerField()
    kind = TextField()
    to_email = TextField()
    subject = TextField()
    text = TextField()
    html = TextField()
    state = TextField()
    created_at = DateTimeTZField()
    sent_at = DateTimeTZField(null=True)


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
