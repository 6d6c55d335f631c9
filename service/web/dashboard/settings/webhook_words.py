"""What the pages of webhooks call things: formats, types of events, states."""

from service.feedback.endpoints import Endpoint

# (format, name, where to get an address)
FORMATS = (
    ("standard", "Your own system",
     "Signed JSON, as Standard Webhooks describes it. Most languages have a library that checks the signature."),
    ("slack", "Slack",
     "In your Slack app: Incoming Webhooks → Add New Webhook. Its address begins with https://hooks.slack.com/."),
    ("discord", "Discord",
     "In Discord: settings of the channel → Integrations → Webhooks → New Webhook → Copy Webhook URL."),
    ("teams", "Microsoft Teams",
     "In Teams: menu of the channel → Workflows → Send webhook alerts to a channel. Copy the address at the end."),
)  # fmt: skip
FORMAT_NAMES = {key: name for key, name, _ in FORMATS}
SIGNED = "standard"  # the only format whose receiver looks at a signature

TYPES = (
    ("Posts", {
        "post.created": "A post is written", "post.updated": "Its text, board or another detail changes",
        "post.status_changed": "Its status changes", "post.merged": "It is merged into another",
        "post.unmerged": "A merge is taken back", "post.deleted": "It is deleted", "post.restored": "It comes back",
    }),
    ("Votes", {"vote.created": "Somebody votes", "vote.deleted": "Somebody takes their vote back"}),
    ("Comments", {"comment.created": "A comment is written", "comment.updated": "It is changed",
                  "comment.deleted": "It is deleted"}),
    ("Changelog", {"changelog.published": "An entry is published"}),
    ("Users", {"user.identified": "A user is seen for the first time, or their details change",
               "user.erased": "A user is erased"}),
)  # fmt: skip
SUGGESTED = ("post.created", "post.status_changed", "comment.created")  # for a new endpoint
SHORT = {
    "post.created": "new posts", "post.updated": "changed posts", "post.status_changed": "statuses", "post.merged": "merges",
    "post.unmerged": "merges taken back", "post.deleted": "deleted posts", "post.restored": "restored posts",
    "vote.created": "votes", "vote.deleted": "votes taken back", "comment.created": "new comments",
    "comment.updated": "changed comments", "comment.deleted": "deleted comments", "changelog.published": "changelog entries",
    "user.identified": "users", "user.erased": "erased users", "webhook.test": "a test",
}  # fmt: skip
MOST_NAMED = 4  # types, in a list of endpoints

DELIVERY_STATES = {"waiting": "Waiting", "delivered": "Delivered", "failed": "Failed", "stopped": "Stopped"}


def types_in_words(types: list[str]) -> str:
    """new posts, statuses and 3 more"""
    known = [SHORT[each] for each in types if each in SHORT]
    if len(known) == len(SHORT) - 1:
        return "everything"
    if len(known) > MOST_NAMED:
        return f"{', '.join(known[:MOST_NAMED - 1])} and {len(known) - MOST_NAMED + 1} more"
    return ", ".join(known)


def conditions_in_words(endpoint: Endpoint, boards: dict[str, str], segments: dict[str, str]) -> list[str]:
    """Each condition, to stand after “only”; the names of boards and segments by their keys."""
    said = []
    if board := endpoint.conditions.get("board"):
        said.append(f"board {boards.get(board, board)}")
    if segment := endpoint.conditions.get("segment"):
        said.append(f"users in {segments.get(segment, segment)}")
    if votes := endpoint.conditions.get("votes"):
        said.append(f"from {votes:,} vote{'' if votes == 1 else 's'}")
    return said


def state_in_words(endpoint: Endpoint) -> tuple[str, str]:
    """The state, and how it looks: good, warn, bad or soft."""
    if endpoint.state == "gone":
        return "Gone", "bad"
    if endpoint.state == "failed":
        return "Switched off", "bad"
    if endpoint.state == "paused":
        return "Paused", "soft"
    return ("Failing", "warn") if endpoint.failing_since else ("Active", "good")
