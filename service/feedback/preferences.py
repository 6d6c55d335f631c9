"""Which letters a member wants, in which language and by which clock."""

from datetime import datetime
from functools import cache
from typing import NamedTuple

from service import db, events, words
from service.errors import Invalid, NotFound
from service.feedback.readers import Reader
from service.lib import tokens

NEW_POSTS = ("at_once", "daily", "off")
DIGEST = ("weekly", "daily", "off")
UTC = "UTC"  # the clock of who never said which
GONE = "You are not in this team any more."
LINK = "team-letters"  # purpose of the token in the link of each letter to the team
CHOICE = {"new_post": "new_posts", "new_posts": "new_posts", "digest": "digest"}  # kind of letter → what ends it

OF = """
SELECT new_posts, digest, time_zone, locale FROM member
 WHERE workspace_id = %(workspace)s AND person_id = %(person)s"""
HOLD = f"{OF} FOR NO KEY UPDATE"
CHOOSE = """
UPDATE member SET new_posts = %(new_posts)s, digest = %(digest)s, time_zone = %(time_zone)s, locale = %(locale)s
 WHERE workspace_id = %(workspace)s AND person_id = %(person)s"""
READS = """
SELECT m.person_id, m.role, m.new_posts, m.digest, m.time_zone, m.locale FROM member m JOIN person p ON p.id = m.person_id
 WHERE m.workspace_id = %(workspace)s AND lower(p.email) = lower(%(email)s)"""
LOCAL = "SELECT %(at)s AT TIME ZONE %(zone)s"
EMAIL = """
SELECT p.email FROM member m JOIN person p ON p.id = m.person_id
 WHERE m.workspace_id = %(workspace)s AND m.person_id = %(person)s"""
# As PostgreSQL knows them, which is what reckons with them; of places alone, for `EST` and the like know no summer.
ZONES = """
SELECT name FROM pg_timezone_names
 WHERE name = 'UTC' OR name ~ '^(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)/'
 ORDER BY name <> 'UTC', name"""


class Preferences(NamedTuple):
    """What one member wants to be sent."""

    new_posts: str  # one of NEW_POSTS
    digest: str  # one of DIGEST
    time_zone: str  # IANA
    locale: str  # of the words there are


class Recipient(NamedTuple):
    """A member to whom a letter goes."""

    person: int
    role: str
    preferences: Preferences

    def wants(self, kind: str) -> bool:
        """Whether they want letters of this kind; those that nothing ends, they do."""
        if kind == "digest":
            return self.preferences.digest != "off"
        return kind not in CHOICE or self.preferences.new_posts == {"new_post": "at_once", "new_posts": "daily"}[kind]

    def clock(self, at: datetime) -> datetime:
        """What their clock shows at this moment."""
        zone = self.preferences.time_zone if self.preferences.time_zone in zones() else UTC
        return db.row(LOCAL, at=at, zone=zone)[0]


def of(workspace_id: int, person: int) -> Preferences:
    """What this member wants; NotFound when they are not of the team any more."""
    return found(db.row(OF, workspace=workspace_id, person=person))


def found(row: tuple | None) -> Preferences:
    if row is None:
        raise NotFound(GONE)
    return Preferences(*row)


def recipient(workspace_id: int, email: str) -> Recipient:
    """The member of this address; NotFound when there is none, or none any more."""
    row = db.row(READS, workspace=workspace_id, email=email)
    if row is None:
        raise NotFound("There is no such member.")
    return Recipient(*row[:2], Preferences(*row[2:]))


def email(workspace_id: int, person: int) -> str:
    """Where this member's letters go; NotFound as of `of`."""
    row = db.row(EMAIL, workspace=workspace_id, person=person)
    if row is None:
        raise NotFound(GONE)
    return row[0]


@cache
def zones() -> tuple[str, ...]:
    """The names of all time zones, UTC first."""
    return tuple(name for (name,) in db.rows(ZONES))


@db.verb
def choose(reader: Reader, new_posts: str, digest: str, time_zone: str, locale: str) -> None:
    """Have the member who acts sent this and no more. Invalid with the fields that must change, NotFound when they are not
    of the team any more; the same again is no change."""
    wanted = checked(new_posts, digest, time_zone, locale)
    change(reader.workspace.id, reader.person, wanted)


@db.verb
def stop(workspace_id: int, person: int, kind: str) -> None:
    """No more letters of this kind to this member; again, or when they are of the team no longer, nothing happens. A kind
    that there is not is all: who wants to be left alone is."""
    row = db.row(HOLD, workspace=workspace_id, person=person)
    if row:
        ended = [CHOICE[kind]] if kind in CHOICE else set(CHOICE.values())
        change(workspace_id, person, Preferences(*row)._replace(**dict.fromkeys(ended, "off")))


def change(workspace_id: int, person: int, wanted: Preferences) -> None:
    before = found(db.row(HOLD, workspace=workspace_id, person=person))
    changed = [name for name, old, new in zip(before._fields, before, wanted, strict=True) if old != new]
    if changed:
        db.changed(CHOOSE, workspace=workspace_id, person=person, **wanted._asdict())
        events.record("member.updated", workspace_id, person=person, data={"person": person, "changed": changed})


def checked(new_posts: str, digest: str, time_zone: str, locale: str) -> Preferences:
    among = {"new_posts": (new_posts, NEW_POSTS), "digest": (digest, DIGEST), "locale": (locale, words.catalogues())}
    wrong = {name: f"Choose one of: {', '.join(known)}." for name, (said, known) in among.items() if said not in known}
    if time_zone not in zones():
        wrong["time_zone"] = "Choose the time zone you live in, like Europe/Berlin."
    if wrong:
        raise Invalid(**wrong)
    return Preferences(new_posts, digest, time_zone, locale)


def token(workspace_id: int, person: int) -> str:
    """What makes the link in a letter to this member, the same every time."""
    return tokens.sign(LINK, {"w": workspace_id, "p": person})


def opened(token: str) -> tuple[int, int]:
    """The workspace and the person whose link this is; Unauthenticated when it is none of ours."""
    said = tokens.read(LINK, token)
    return said["w"], said["p"]
