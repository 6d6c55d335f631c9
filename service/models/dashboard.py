"""What the dashboard keeps for a team: views, actions, what was counted (migrations/0005, 0010)."""

from peewee import BigIntegerField, CompositeKey, DateField, FloatField, IntegerField, TextField
from playhouse.postgres_ext import BinaryJSONField, DateTimeTZField

from service.models.table import Numbered, Table


class SavedView(Numbered):
    name = TextField()
    query = TextField()
    person_id = BigIntegerField()
    created_at = DateTimeTZField()


class Action(Numbered):
    person_id = BigIntegerField()
    kind = TextField()
    value = TextField()
    steps = BinaryJSONField(index=False)
    created_at = DateTimeTZField()
    undone_at = DateTimeTZField(null=True)


class DismissedDuplicate(Table):
    workspace_id = BigIntegerField()
    post_number = IntegerField()
    other_number = IntegerField()
    person_id = BigIntegerField(null=True)
    created_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "post_number", "other_number")


class LikelyDuplicate(Table):
    workspace_id = BigIntegerField()
    post_number = IntegerField()
    other_number = IntegerField()
    score = FloatField()
    why = TextField()
    found_at = DateTimeTZField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "post_number", "other_number")


class Insight(Table):
    workspace_id = BigIntegerField()
    span = TextField()
    starts = DateField()
    board_id = BigIntegerField()
    segment_id = BigIntegerField()
    posts = IntegerField()
    votes = IntegerField()
    answers = IntegerField()
    answer_minutes = IntegerField(null=True)

    class Meta:
        primary_key = CompositeKey("workspace_id", "span", "starts", "board_id", "segment_id")


class PostWorth(Table):
    workspace_id = BigIntegerField()
    post_number = IntegerField()
    mrr = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "post_number")


class SegmentWish(Table):
    workspace_id = BigIntegerField()
    segment_id = BigIntegerField()
    post_number = IntegerField()
    votes = IntegerField()

    class Meta:
        primary_key = CompositeKey("workspace_id", "segment_id", "post_number")


class InsightCount(Table):
    workspace_id = BigIntegerField(primary_key=True)
    seq = BigIntegerField()
    counted_at = DateTimeTZField()
