"""Workspaces, the people who run them, and the users whom they hear (migrations/0001, 0004, 0005, 0007, 0009–0011)."""

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    DateField,
    IdentityField,
    IntegerField,
    SmallIntegerField,
    TextField,
)
from playhouse.postgres_ext import ArrayField, BinaryJSONField, DateTimeTZField

from service.models.table import Numbered, RegConfigField, Table


class Installation(Table):
    only_one = BooleanField(primary_key=True)
    key_check = TextField()
    base_url = TextField(null=True)
    demo_id = BigIntegerField(null=True)
    created_at = DateTimeTZField()
    operator_id = BigIntegerField(null=True)
    embedding_model = TextField()
    embedding_next = TextField(null=True)
    embedding_since = DateTimeTZField(null=True)
    embedding_floors = BinaryJSONField(index=False)
    embedding_failure = TextField(null=True)
    embedding_failing_at = DateTimeTZField(null=True)
    backup_at = DateTimeTZField(null=True)
    backup_bytes = BigIntegerField(null=True)
    backup_failure = TextField(null=True)
    backup_failing_at = DateTimeTZField(null=True)


class Workspace(Table):
    id = IdentityField()
    public_id = TextField()
    slug = TextField()
    name = TextField()
    language = RegConfigField()
    origins = ArrayField(TextField, index=False)
    key_generation = IntegerField()
    key_oldest = IntegerField()
    edit_minutes = IntegerField()
    created_at = DateTimeTZField()
    loaded_at = DateTimeTZField(null=True)
    loaded_from = TextField(null=True)
    guide_dismissed_at = DateTimeTZField(null=True)
    ask_email = TextField()
    logo = TextField(null=True)
    accent = TextField(null=True)
    domain = TextField(null=True)
    domain_seen_at = DateTimeTZField(null=True)
    former_slugs = ArrayField(TextField, index=False)
    sign_in_url = TextField(null=True)
    is_indexed = BooleanField()
    plan = TextField()
    former_key_seen_at = DateTimeTZField(null=True)
    holds_suspects = BooleanField()
    revoked_kids = ArrayField(TextField, index=False)
    compared_to = IntegerField()
    stripe_customer = TextField(null=True)
    keeps_erased_posts = BooleanField()
    keeps_erased_votes = BooleanField()
    erase_at = DateTimeTZField(null=True)


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
    proved_at = DateTimeTZField()
    agent = TextField()
    network = TextField()


class SignInLink(Table):
    id = IdentityField()
    email = TextField(null=True)
    token_hash = BlobField(null=True)
    browser_hash = BlobField(null=True)
    created_at = DateTimeTZField()
    used_at = DateTimeTZField(null=True)
    purpose = TextField()
    session_id = BigIntegerField(null=True)
    former = TextField(null=True)


class Rate(Table):
    key = TextField(primary_key=True)
    window_start = DateTimeTZField()
    hits = IntegerField()


class WorkspaceCounter(Table):
    workspace_id = BigIntegerField(primary_key=True)
    next_post = IntegerField()
    next_event = BigIntegerField()


class IdentitySecret(Table):
    workspace_id = BigIntegerField()
    kid = TextField()
    sealed = TextField()
    created_at = DateTimeTZField()
    used_at = DateTimeTZField(null=True)
    ends_at = DateTimeTZField(null=True)

    class Meta:
        primary_key = CompositeKey("workspace_id", "kid")


class Member(Table):
    workspace_id = BigIntegerField()
    person_id = BigIntegerField()
    role = TextField()
    created_at = DateTimeTZField()
    joined_at = DateTimeTZField(null=True)
    new_posts = TextField()
    digest = TextField()
    time_zone = TextField()
    locale = TextField()
    digested_on = DateField(null=True)
    invitation_hash = BlobField(null=True)
    invited_at = DateTimeTZField(null=True)
    invited_by = BigIntegerField(null=True)
    invited_email = TextField(null=True)

    class Meta:
        primary_key = CompositeKey("workspace_id", "person_id")


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
    news_seen_at = DateTimeTZField(null=True)
    signed_in_at = DateTimeTZField(null=True)
    first_seen_at = DateTimeTZField()
    last_seen_at = DateTimeTZField()
    email_kid = TextField(null=True)
    network_tag = TextField(null=True)


class Segment(Numbered):
    key = TextField()
    name = TextField()
    rules = BinaryJSONField(index=False)
    created_at = DateTimeTZField()


class SegmentUser(Table):
    workspace_id = BigIntegerField()
    segment_id = BigIntegerField()
    user_id = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "segment_id", "user_id")


class WorkspaceLogo(Table):
    workspace_id = BigIntegerField(primary_key=True)
    type = TextField()
    data = BlobField()
    created_at = DateTimeTZField()


class UserLink(Numbered):
    purpose = TextField()
    email = TextField()
    token_hash = BlobField(null=True)
    browser_hash = BlobField(null=True)
    locale = TextField()
    place = TextField()
    created_at = DateTimeTZField()
    used_at = DateTimeTZField(null=True)


class Mailing(Table):
    workspace_id = BigIntegerField()
    email = TextField()
    muted = ArrayField(TextField, index=False)
    subscribed_at = DateTimeTZField(null=True)
    locale = TextField(null=True)
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "email")


class RepeatedRequest(Table):
    workspace_id = BigIntegerField()
    key = TextField()
    fingerprint = BlobField()
    status = SmallIntegerField(null=True)
    location = TextField(null=True)
    sealed = TextField(null=True)
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "key")


class BlockedAddress(Table):
    workspace_id = BigIntegerField()
    kind = TextField()
    value = TextField()
    compared = TextField()
    person_id = BigIntegerField(null=True)
    user_id = BigIntegerField(null=True)
    created_at = DateTimeTZField()
    ends_at = DateTimeTZField(null=True)

    class Meta:
        primary_key = CompositeKey("workspace_id", "kind", "value")


class SpentToken(Table):
    workspace_id = BigIntegerField()
    digest = BlobField()
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "digest")
