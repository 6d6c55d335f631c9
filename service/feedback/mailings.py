"""What an address wants to be told by a workspace, by letter, whoever's it is: also one that nobody has any more."""

from typing import NamedTuple

from service import db
from service.errors import Unauthenticated
from service.feedback.workspaces import Workspace
from service.lib import tokens

# kinds of letters that one gets until one does not want them
ABOUT_POSTS = ("status_changed", "answer", "question", "reply", "merged", "shipped")
NEWS = "news"  # and the one that one gets when one asked for it: whatever is published
KINDS = (*ABOUT_POSTS, NEWS)
LINK = "mailing"  # purpose of the token in the link of each of these letters

OF = """
SELECT muted, subscribed_at IS NOT NULL, locale FROM mailing
 WHERE workspace_id = %(workspace)s AND email = lower(%(email)s)"""
LOCALES = """
SELECT (SELECT locale FROM mailing WHERE workspace_id = %(workspace)s AND email = lower(%(email)s)), (
        SELECT locale FROM "user" WHERE workspace_id = %(workspace)s AND lower(email) = lower(%(email)s)
           AND locale IS NOT NULL ORDER BY last_seen_at DESC, id DESC LIMIT 1)"""
CHOOSE = """
INSERT INTO mailing AS m (workspace_id, email, muted, subscribed_at, locale)
VALUES (%(workspace)s, lower(%(email)s), %(muted)s::text[], CASE WHEN %(news)s THEN now() END, %(locale)s)
ON CONFLICT (workspace_id, email) DO UPDATE SET muted = excluded.muted, locale = excluded.locale,
  subscribed_at = CASE WHEN %(news)s THEN coalesce(m.subscribed_at, now()) END"""
MUTE = """
INSERT INTO mailing AS m (workspace_id, email, muted) VALUES (%(workspace)s, lower(%(email)s), %(muted)s::text[])
ON CONFLICT (workspace_id, email) DO UPDATE SET
  muted = array(SELECT DISTINCT kind FROM unnest(m.muted || excluded.muted) AS kind ORDER BY kind),
  subscribed_at = CASE WHEN NOT %(news)s THEN m.subscribed_at END"""
SUBSCRIBE = """
INSERT INTO mailing AS m (workspace_id, email, subscribed_at, locale)
VALUES (%(workspace)s, lower(%(email)s), now(), %(locale)s)
ON CONFLICT (workspace_id, email) DO UPDATE SET subscribed_at = coalesce(m.subscribed_at, now()), locale = excluded.locale"""


class Mailing(NamedTuple):
    """What one address wants."""

    muted: list[str]
    is_subscribed: bool
    locale: str | None  # a language tag

    def wants(self, kind: str) -> bool:
        return self.is_subscribed if kind == NEWS else kind not in self.muted


def unmuted(kind: str = "%(kind)s") -> str:
    """SQL: does the user `u` want letters of this kind?"""
    return f"""NOT EXISTS (
       SELECT FROM mailing m WHERE m.workspace_id = u.workspace_id AND m.email = lower(u.email) AND {kind} = ANY(m.muted))"""


def of(workspace_id: int, email: str) -> Mailing:
    """What this address wants; everything about its posts, and no news, when it never said anything."""
    row = db.row(OF, workspace=workspace_id, email=email)
    return Mailing(*row) if row else Mailing([], False, None)


def locales(workspace_id: int, email: str) -> tuple[str | None, str | None]:
    """The language tag that this address chose, and the one of its user."""
    return db.row(LOCALES, workspace=workspace_id, email=email)


@db.verb
def choose(workspace: Workspace, email: str, kinds: list[str], locale: str) -> None:
    """Have this address told of these kinds and no others; whose it is has been shown."""
    muted = [kind for kind in ABOUT_POSTS if kind not in kinds]
    db.changed(CHOOSE, workspace=workspace.id, email=email, muted=muted, news=NEWS in kinds, locale=locale)


@db.verb
def mute(workspace: Workspace, email: str, kind: str | None = None) -> None:
    """No more letters of this kind to this address, or none at all; again, nothing happens. A kind that there is not is all:
    who wants to be left alone is."""
    kinds = [kind] if kind in KINDS else KINDS
    muted = [each for each in ABOUT_POSTS if each in kinds]
    db.changed(MUTE, workspace=workspace.id, email=email, muted=muted, news=NEWS in kinds)


@db.verb
def subscribe(workspace: Workspace, email: str, locale: str) -> None:
    """Have this address told of whatever is published, in this language; whose it is has been shown."""
    db.changed(SUBSCRIBE, workspace=workspace.id, email=email, locale=locale)


def token(workspace_id: int, email: str) -> str:
    """What makes the link in a letter to this address, the same every time."""
    return tokens.sign(LINK, {"w": workspace_id, "e": email.lower()})


def opened(workspace: Workspace, token: str) -> str:
    """The address whose link this is; Unauthenticated when it does not hold here."""
    said = tokens.read(LINK, token)
    if said["w"] != workspace.id:
        raise Unauthenticated("This link belongs to another address.")
    return said["e"]
