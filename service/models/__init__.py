"""Every table, as columns; defaults, foreign keys, checks and indexes stand in migrations/, verbs in feedback/.

A field without a default is left out of an INSERT and gets the database's. Keys of a workspace's tables are composite and
begin with workspace_id, so rows are made with `insert(...).returning(...)`: `create()` cannot read a generated id back
through a composite key. What is read often is read by SQL constants instead, beside the verbs."""

from service.models.dashboard import (
    Action,
    DismissedDuplicate,
    Insight,
    InsightCount,
    LikelyDuplicate,
    PostWorth,
    SavedView,
    SegmentWish,
)
from service.models.feedback import (
    Board,
    BoardSegment,
    ChangelogEntry,
    ChangelogPost,
    ChangelogReaction,
    Comment,
    Content,
    CustomField,
    Event,
    File,
    Follower,
    Letter,
    Post,
    PostEmbedding,
    PostRevision,
    PostTag,
    Status,
    Tag,
    Vote,
)
from service.models.following import Delivery, DeliveryAttempt, Endpoint, EndpointReached, Suppression
from service.models.passing import (
    Export,
    ExportPart,
    FormerAddress,
    Import,
    Imported,
    ImportPart,
    ImportRow,
    StripeEvent,
    Subscription,
)
from service.models.queue import CronRun, Job, JobDead
from service.models.server import Measurement, SlowQuery
from service.models.workspaces import (
    ApiKey,
    BlockedAddress,
    Company,
    IdentitySecret,
    Installation,
    Mailing,
    Member,
    Person,
    Rate,
    RepeatedRequest,
    Segment,
    SegmentUser,
    Session,
    SignInLink,
    SpentToken,
    User,
    UserLink,
    Workspace,
    WorkspaceCounter,
    WorkspaceLogo,
)

GLOBAL = (Installation, Workspace, Person, Session, SignInLink, Rate, CronRun, Measurement, SlowQuery, StripeEvent)
OF_A_WORKSPACE = (
    WorkspaceCounter, IdentitySecret, Member, ApiKey, RepeatedRequest, Company, User, Segment, SegmentUser, Board,
    BoardSegment, Status, Tag, CustomField, Post, PostTag, PostRevision, Vote, Follower, Comment, ChangelogEntry,
    ChangelogPost, ChangelogReaction, PostEmbedding, Event, Letter, Content, File, Job, JobDead,
    WorkspaceLogo, UserLink, Mailing, BlockedAddress, SpentToken, Endpoint, Delivery, DeliveryAttempt, EndpointReached,
    Suppression,
    SavedView, Action, DismissedDuplicate, LikelyDuplicate, Insight, PostWorth, SegmentWish, InsightCount,
    Subscription, Import, ImportPart, ImportRow, Imported, FormerAddress, Export, ExportPart,
)  # fmt: skip
