"""Members sign in by a link: random, stored as a hash, 15 minutes, once, in the browser that asked for it."""

from typing import NamedTuple

from peewee import SQL, fn

from service import db, events, installation, jobs, models
from service.errors import Invalid, Unauthenticated, Why
from service.feedback import limits, members
from service.feedback.members import Person
from service.lib import agents, text, tokens
from service.models import SignInLink

MINUTES = 15  # in which a link works
IDLE_DAYS, LONGEST_DAYS = 14, 30
FRESH_MINUTES = 10  # after a proof of who one is, in which what is delicate may be done
LONGEST_AGENT = 300
LONG_AGO = SQL("now() - interval '1 day'")
SEND = "sign_in.send"  # kind of the job that writes and sends the letter
QUEUE = "mail"

HOLDS = f"purpose = 'sign_in' AND used_at IS NULL AND created_at > now() - interval '{MINUTES} minutes'"
ARM = f"UPDATE sign_in_link SET token_hash = %(token)s WHERE id = %(id)s AND {HOLDS} RETURNING email"
LOOK = f"SELECT email, browser_hash FROM sign_in_link WHERE token_hash = %(token)s AND {HOLDS}"
USE = f"""
UPDATE sign_in_link SET used_at = now() WHERE token_hash = %(token)s AND {HOLDS} RETURNING browser_hash IS NULL"""
# of a session s
LIVES = f"s.seen_at > now() - interval '{IDLE_DAYS} days' AND s.created_at > now() - interval '{LONGEST_DAYS} days'"
IS_USUAL = """
SELECT EXISTS (SELECT FROM session s JOIN person p ON p.id = s.person_id
                WHERE lower(p.email) = lower(%(email)s) AND s.network = %(network)s)"""
WHO = f"""
SELECT s.seen_at < now() - interval '1 minute', s.id, s.proved_at > now() - interval '{FRESH_MINUTES} minutes',
       p.id, p.email, p.name
  FROM session s JOIN person p ON p.id = s.person_id WHERE s.token_hash = %(token)s AND {LIVES}"""
IS_OF_TEAM = f"""
SELECT FROM session s JOIN member m ON m.person_id = s.person_id
 WHERE s.id = %(session)s AND {LIVES} AND m.workspace_id = %(workspace)s AND m.joined_at IS NOT NULL"""
THEIR_TEAMS = "SELECT workspace_id FROM member WHERE person_id = %(person)s AND joined_at IS NOT NULL ORDER BY workspace_id"

GONE = "This link has been used or is too old. Ask for a new one."
ELSEWHERE = "Open this link in the browser in which you asked for it, or ask for a new one there."
NO_ADDRESS = Why("Write your e-mail address, like ada@example.com.", "no_address")


class Session(NamedTuple):
    """A browser in which a member is signed in."""

    id: int
    is_fresh: bool  # they have shown who they are within FRESH_MINUTES
    person: Person


class Origin(NamedTuple):
    """Where a session begins, for whom it is to recognise it in the list of theirs."""

    agent: str = ""  # what the browser calls itself
    network: str = ""


NOWHERE = Origin()  # of a session that no browser began


@db.verb
def ask(email: str, browser: str, address: str, anyone: bool = True, locale: str | None = None) -> str:
    """Have a link sent to `email` that works only in `browser` (its random cookie); returns the tidied address.

    The answer is the same whether or not we know the address; unless `anyone` may sign up, only people we know get a
    letter, at the address on file, in the language `locale`. The browser's older links to it die. `address` is the
    network address that asks."""
    known = checked(email)
    limits.sign_in(known, address, is_usual=db.row(IS_USUAL, email=known, network=address)[0])
    place = {"email": members.on_file(known) or known, "browser_hash": tokens.hashed(browser)}
    SignInLink.delete().where(SignInLink.browser_hash == place["browser_hash"], SignInLink.used_at.is_null()).execute()
    if anyone or members.on_file(known):
        jobs.enqueue(SEND, queue=QUEUE, link=SignInLink.insert(**place).execute(), locale=locale)
    return known


def checked(email: str) -> str:
    """The tidied address; Invalid when it is none."""
    known = text.email(email)
    if known is None:
        raise Invalid(email=NO_ADDRESS)
    return known


@db.verb
def make_link(email: str | None) -> str:
    """The secret of a link that works in any browser, for the command line; without `email`, for the first owner."""
    return arm(SignInLink.insert(email=email).execute())[1]


def arm(link: int) -> tuple[str | None, str] | None:
    """Give a link its secret, at the moment it is sent, so that it is stored nowhere: (email, secret).

    None when the link was used, withdrawn or is too old. Arming again replaces the secret."""
    secret = tokens.secret()
    row = db.row(ARM, id=link, token=tokens.hashed(secret))
    return row and (row[0], secret)


def look(secret: str, browser: str | None) -> str | None:
    """Whose link this is (None: the first owner's), without using it up; Unauthenticated when it does not hold."""
    row = db.row(LOOK, token=tokens.hashed(secret))
    if row is None:
        raise Unauthenticated(GONE)
    if row[1] is not None and not tokens.same(bytes(row[1]), tokens.hashed(browser or "")):
        raise Unauthenticated(ELSEWHERE)
    if row[0] is None and not members.is_nobody_yet():
        raise Unauthenticated("This link was for the first one here, and somebody was. Ask for a link of your own.")
    return row[0]


@db.verb
def redeem(secret: str, browser: str | None, email: str = "", origin: Origin = NOWHERE) -> tuple[Person, str]:
    """Use a link up and start a session; returns the person and the session's secret, for a cookie.

    Of many at the same moment exactly one succeeds. `email` is asked only for the first owner's link. Who comes with a link
    from the server's command line runs the server, if nobody did before or that was the demo's owner."""
    known = look(secret, browser)
    address = known or first_owner(email)
    used = db.row(USE, token=tokens.hashed(secret))
    if used is None:
        raise Unauthenticated(GONE)
    person, [is_from_the_server] = members.person(address), used
    if is_from_the_server:
        installation.appoint(person.id, instead=known is None or members.stands_in(installation.operator_id()))
    return person, begin(person, origin)


def begin(person: Person, origin: Origin, is_fresh: bool = True) -> str:
    """A new session of this person, who has shown who they are, just now when it `is_fresh`; returns its secret."""
    secret, agent = tokens.secret(), text.tidy_line(origin.agent[:LONGEST_AGENT])
    row = {"token_hash": tokens.hashed(secret), "person_id": person.id, "agent": agent, "network": origin.network}
    models.Session.insert(row if is_fresh else {**row, "proved_at": LONG_AGO}).execute()
    note("member.signed_in", person.id, browser=agents.said(agent))
    return secret


def first_owner(email: str) -> str:
    address = text.email(email)
    if address is None:
        raise Invalid(email="Write your e-mail address, like ada@example.com; you sign in with it from now on.")
    return address


def who(secret: str | None) -> Session | None:
    """The session of this secret; None when it ended or never was."""
    row = secret and db.row(WHO, token=tokens.hashed(secret))
    if not row:
        return None
    is_stale, id, is_fresh, *person = row
    if is_stale:  # once a minute is enough to know who is idle, and spares a write for every page
        models.Session.update(seen_at=fn.now()).where(models.Session.id == id).execute()
    return Session(id, is_fresh, Person(*person))


def is_of_team(workspace_id: int, session: int) -> bool:
    """Whether somebody is signed in by the session of this id who is of the workspace's team."""
    return db.row(IS_OF_TEAM, workspace=workspace_id, session=session) is not None


@db.verb
def sign_out(session: Session) -> None:
    """End this session, wherever its cookie was copied to."""
    if models.Session.delete().where(models.Session.id == session.id).execute():
        note("member.signed_out", session.person.id, sessions=1)


def note(type: str, person: int, **data) -> None:
    """Record it in every team that they are of."""
    for workspace in workspaces_of(person):
        events.record(type, workspace, person=person, data={"person": person, **data})


def workspaces_of(person: int) -> list[int]:
    """The workspaces that they have joined, in the order in which locks are taken."""
    return [workspace for (workspace,) in db.rows(THEIR_TEAMS, person=person)]
