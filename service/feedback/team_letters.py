"""What letters to the team say, each in the language of its reader: one function per kind.

Each is written when it is sent. NotFound when there is nothing left to tell: what it is about is gone, or its reader is not
of the team any more or wants no such letters."""

from typing import NamedTuple

from service import words
from service.errors import NotFound
from service.feedback import (
    billing,
    closing,
    comments,
    digests,
    endpoints,
    exports,
    invitations,
    letters,
    members,
    posts,
    preferences,
    workspaces,
)
from service.feedback.activity import Event
from service.feedback.letters import Letter, Written
from service.feedback.preferences import Recipient
from service.feedback.readers import MEMBER, Reader
from service.feedback.workspaces import Workspace
from service.lib import text
from service.words import Words

MENTION, FAILING, FAILED = "mention", "webhook_failing", "webhook_failed"  # kinds of letters
EXPORTED = "export_ready"
MEGABYTE = 1_000_000  # as file managers count
ERASURE = "workspace_erasure"
UNPAID, ENDED = "payment_failed", "plan_ended"
DAYS = 5  # of nothing but failures, after which an endpoint is switched off
PAGE = "/letters/team"  # where its reader chooses, without signing in

MOST_AN_HOUR = 20  # letters of strangers' words for one member; the others stand in the inbox and in the digest
# SQL: of a member `m`, a person `p`: what strangers write has not filled their mailbox with letters of this kind
HAS_ROOM = f"""(
       NOT EXISTS (SELECT FROM "user" u WHERE u.workspace_id = m.workspace_id AND u.id = %(author)s
                      AND u.kind IN ('anonymous', 'guest'))
    OR (SELECT count(*) FROM letter l WHERE l.workspace_id = m.workspace_id AND lower(l.to_email) = lower(p.email)
           AND l.created_at > now() - interval '1 hour' AND l.kind = %(kind)s) < {MOST_AN_HOUR})"""
# who wants to hear at once, except the member who wrote it
ABOUT_A_POST = letters.ADDRESS.format(readers=f"""
  SELECT p.email FROM member m JOIN person p ON p.id = m.person_id
   WHERE m.workspace_id = %(workspace)s AND m.joined_at IS NOT NULL AND m.new_posts = 'at_once' AND NOT EXISTS (
     SELECT FROM "user" u WHERE u.workspace_id = m.workspace_id AND u.id = %(author)s
        AND u.external_id = '{MEMBER}' || m.person_id)
   AND {HAS_ROOM}
   AND NOT EXISTS (SELECT FROM post WHERE workspace_id = %(workspace)s AND number = %(post)s AND held_at IS NOT NULL
                      AND held_because NOT IN ('board', 'plan'))""")
# who was asked in and has not come yet; at the address, and as it was written, that the inviter knows
TO_THE_INVITED = letters.ADDRESS.format(readers="""
  SELECT coalesce(m.invited_email, p.email) AS email FROM member m JOIN person p ON p.id = m.person_id
   WHERE m.workspace_id = %(workspace)s AND m.person_id = %(person)s AND m.joined_at IS NULL
     AND lower(coalesce(m.invited_email, p.email)) = lower(p.email)""")
TO_WHO_RUNS_IT = letters.ADDRESS.format(readers="""
  SELECT p.email FROM member m JOIN person p ON p.id = m.person_id
   WHERE m.workspace_id = %(workspace)s AND m.role IN ('owner', 'admin') AND m.joined_at IS NOT NULL""")

# who asked for it, or if nobody did who runs the workspace
TO_WHO_ASKED = letters.ADDRESS.format(readers="""
  SELECT p.email FROM member m JOIN person p ON p.id = m.person_id
    JOIN export e ON e.workspace_id = m.workspace_id AND e.id = %(export)s
   WHERE m.workspace_id = %(workspace)s AND m.role IN ('owner', 'admin') AND m.joined_at IS NOT NULL
     AND coalesce(e.person_id, m.person_id) = m.person_id""")


class Addressed(NamedTuple):
    """A letter's reader, and what its writer needs to speak to them."""

    workspace: Workspace
    member: Recipient
    words: Words

    @property
    def team(self) -> Reader:
        return Reader(self.workspace, is_member=True)

    def page(self, path: str) -> str:
        """The address of a page of the dashboard."""
        return letters.link(f"/app/{self.workspace.slug}/{path}")


def tell_of_post(event: Event) -> None:
    """Who wants to hear of posts at once does, except the member who wrote it; anybody can write posts without a name,
    so a flood of them is no flood of letters, and what looks like spam is none at all."""
    letters.address(ABOUT_A_POST, "new_post", event.workspace_id, event.seq, author=event.user_id, post=event.post_number)


def invite(event: Event) -> None:
    """Whoever was let into the team hears of it, unless they have found the way already."""
    letters.address(TO_THE_INVITED, "invitation", event.workspace_id, event.seq, person=event.data["person"])


def tell_of_failing(event: Event) -> None:
    """Who runs the workspace hears that nothing has got through to a system of theirs for a day."""
    letters.address(TO_WHO_RUNS_IT, FAILING, event.workspace_id, event.seq)


def tell_of_failed(event: Event) -> None:
    """Who runs the workspace hears that nothing is sent to a system of theirs any more."""
    letters.address(TO_WHO_RUNS_IT, FAILED, event.workspace_id, event.seq)


def tell_of_erasure(event: Event) -> None:
    """Who runs the workspace hears that it is to be erased, and by whom."""
    letters.address(TO_WHO_RUNS_IT, ERASURE, event.workspace_id, event.seq)


def tell_of_payment(event: Event) -> None:
    """Who runs the workspace hears that a payment failed, and before that has an end to it once more."""
    letters.address(TO_WHO_RUNS_IT, UNPAID, event.workspace_id, event.seq)


def tell_of_plan(event: Event) -> None:
    """Who runs the workspace hears that it is on Free by now, when that was for want of payment: else one of them did it."""
    if event.data["plan"] == "free" and event.data["because"] == "payment":
        letters.address(TO_WHO_RUNS_IT, ENDED, event.workspace_id, event.seq)


def tell_of_export(event: Event) -> None:
    """Who asked for an export hears that it is there."""
    letters.address(TO_WHO_ASKED, EXPORTED, event.workspace_id, event.seq, export=event.data["export"])


def new_post(event: Event, letter: Letter) -> Written:
    to = addressed(event, letter)
    post = posts.find(to.team, event.post_number)
    name, place = ("teamHeldPost", "moderation") if post.held else ("teamNewPost", f"posts/{post.number}")
    written = say(to, letter, to.words.say(name, str(post.number), post.title), post=post, url=to.page(place),
                  author=post.author_name or post.author_email or to.words.teamSomeone)  # fmt: skip
    return written._replace(thread=letters.thread(to.workspace.id, post.number))


def mention(event: Event, letter: Letter) -> Written:
    to = addressed(event, letter)
    comment = comments.find(to.team, event.data["comment"])
    post = posts.find(to.team, comment.post)
    author = comment.author_name or comment.author_email or to.words.teamSomeone
    written = say(to, letter, to.words.say("teamMention", author, post.title), post=post, comment=comment, author=author,
                  url=to.page(f"posts/{post.number}"))  # fmt: skip
    return written._replace(thread=letters.thread(to.workspace.id, post.number))


def digest(event: Event, letter: Letter) -> Written:
    """Also of new posts alone, for who wants those once a day."""
    to, data = addressed(event, letter), letter.data
    found = digests.read(to.workspace.id, letter.kind, data["since"], data["until"])
    if found is None:
        raise NotFound("What it told of is gone.")
    title, span = entitled(to, letter)
    count = found.new.count
    subject = f"{title} · {to.words.say('newPosts', count)}" if count else title
    return say(to, letter, subject, title=title, digest=found, span=span, page=to.page, url=to.page("inbox"))


def entitled(to: Addressed, letter: Letter) -> tuple[str, str]:
    """What a digest is called, and of which days it tells, unless its name says that: one that makes up for others is not
    of a day or a week."""
    span = to.words.span(*digests.days(letter.data))
    if letter.kind == digests.NEW_POSTS:
        return to.words.say("digestPosts", to.workspace.name), span
    if digests.makes_up(letter.data):
        return to.words.say("digestSpan", to.workspace.name, span), ""
    return to.words.say("digestWeek" if letter.data["period"] == "weekly" else "digestDay", to.workspace.name), span


def webhook_failing(event: Event, letter: Letter) -> Written:
    """NotFound also when something got through by now, or a member switched it off."""
    to = addressed(event, letter)
    endpoint = endpoints.find(to.team, event.data["endpoint"])
    if endpoint.state != "active" or endpoint.failing_since is None:
        raise NotFound("It does not fail any more.")
    return of_endpoint(to, letter, event, endpoint, "hookFailing")


def webhook_failed(event: Event, letter: Letter) -> Written:
    """NotFound also when a member switched it on again."""
    to = addressed(event, letter)
    endpoint = endpoints.find(to.team, event.data["endpoint"])
    if endpoint.state not in ("failed", "gone"):
        raise NotFound("It is switched on again.")
    return of_endpoint(to, letter, event, endpoint, "hookFailed")


def of_endpoint(to: Addressed, letter: Letter, event: Event, endpoint, name: str) -> Written:
    since = to.words.moment(to.member.clock(endpoint.failing_since)) if endpoint.failing_since else ""
    title = to.words.say(name, to.workspace.name, f"{event.data['host']} #{endpoint.id}")  # there may be several at a host
    return say(to, letter, title, title=title, endpoint=endpoint, since=since, reason=event.data.get("reason"), days=DAYS,
               url=to.page(f"settings/webhooks/{endpoint.id}"))  # fmt: skip


def export_ready(event: Event, letter: Letter) -> Written:
    """The link leads to the page, not to the file: that is for who is an admin then. NotFound when the file is gone, or its
    reader is an owner or admin no more."""
    to = addressed(event, letter)
    export = exports.ready(to.team, event.data["export"])
    if to.member.role == "member":
        raise NotFound("They are an owner or admin no more.")
    until = to.words.date(to.member.clock(export.expires_at))
    title = to.words.say("exportReady", to.workspace.name)
    return say(to, letter, title, title=title, size=-(-export.size // MEGABYTE), until=until, url=to.page("settings/export"))


def invitation(event: Event, letter: Letter) -> Written:
    """In the language of whoever invites them, which is theirs until they choose another. What the workspace and who invites
    are called is a stranger's choice, so it leads nowhere. NotFound when they have joined."""
    to = addressed(event, letter)
    secret = invitations.arm(to.workspace, letter.to_email)
    if secret is None:
        raise NotFound("They have joined already.")
    inviter = text.without_links(members.named(event.person_id)) or to.words.teamSomeone
    name, url = text.without_links(to.workspace.name), letters.link(f"/app/join/{to.workspace.slug}/{secret}")
    written = letters.write(
        letter.kind, to.words.say("teamInvites", inviter, name), name=name, words=to.words, inviter=inviter,
        role=to.member.role, url=url, days=invitations.DAYS,
    )  # fmt: skip
    return written._replace(way_in=url, label="Invitation link")


def workspace_erasure(event: Event, letter: Letter) -> Written:
    """NotFound also when it was called off, or called off and planned anew."""
    to = addressed(event, letter)
    erase_at = closing.of(to.team).erase_at
    if erase_at is None or erase_at.isoformat(timespec="seconds") != event.data["at"]:
        raise NotFound("It stays.")
    title = to.words.say("erasureTitle", to.workspace.name, to.words.moment(to.member.clock(erase_at)))
    return say(to, letter, title, title=title, by=members.named(event.person_id) or to.words.teamSomeone,
               url=to.page("settings/privacy"))  # fmt: skip


def payment_failed(event: Event, letter: Letter) -> Written:
    """NotFound also when it was paid meanwhile, or is over."""
    to = addressed(event, letter)
    ends = billing.of(to.workspace).grace_ends_at
    if ends is None or to.workspace.plan != "pro":
        raise NotFound("Nothing is owed any more.")
    name = "payReminder" if event.data["reminder"] else "payFailed"
    title = to.words.say(name, to.workspace.name)
    until = to.words.date(to.member.clock(ends))
    return say(to, letter, title, title=title, until=until, url=to.page("settings/billing"))


def plan_ended(event: Event, letter: Letter) -> Written:
    """NotFound also when it was paid meanwhile."""
    to = addressed(event, letter)
    if to.workspace.plan != "free":
        raise NotFound("It is Pro again.")
    title = to.words.say("planEnded", to.workspace.name)
    return say(to, letter, title, title=title, url=to.page("settings/billing"))


WRITERS = {
    "new_post": new_post, MENTION: mention, digests.DIGEST: digest, digests.NEW_POSTS: digest,
    FAILING: webhook_failing, FAILED: webhook_failed, "invitation": invitation,
    EXPORTED: export_ready, ERASURE: workspace_erasure, UNPAID: payment_failed, ENDED: plan_ended,
}  # fmt: skip


def addressed(event: Event, letter: Letter) -> Addressed:
    member = preferences.recipient(event.workspace_id, letter.to_email)
    if not member.wants(letter.kind):
        raise NotFound("Its reader wants no more letters of this kind.")
    return Addressed(workspaces.find(event.workspace_id), member, words.chosen(member.preferences.locale))


def say(to: Addressed, letter: Letter, subject: str, **values) -> Written:
    """A letter that ends in the link to what its reader wants to be sent, which one click ends if it can be."""
    token = preferences.token(to.workspace.id, to.member.person)
    settings = letters.link(f"{PAGE}/{token}?kind={letter.kind}")
    written = letters.write(letter.kind, subject, workspace=to.workspace, words=to.words, settings_url=settings, **values)
    return written._replace(leave=settings if letter.kind in preferences.CHOICE else "")
