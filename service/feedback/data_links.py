"""A link by which somebody gets at their own data without signing in: to take them along, or to have them erased. Signed,
stored nowhere; it ends after a week, with the user, and when they are signed out everywhere."""

from datetime import datetime
from typing import NamedTuple

from service import db, jobs, words
from service.errors import NotFound, Unauthenticated
from service.feedback import blocked_addresses, claims, letters, limits, users, workspaces
from service.feedback.readers import Reader
from service.feedback.users import User
from service.feedback.workspaces import Workspace
from service.lib import tokens

LINK = "data"  # purpose of the token
DAYS = tokens.LIFETIME[LINK] // tokens.DAY
SEND = "data_link.send"  # kind of the job that writes and sends the letter
MOST = 3  # users of one address who each get a letter
GONE = "This link no longer works: it is too old, or was ended. Ask for a new one."

ENDS = f"SELECT now() + interval '{DAYS} days'"
BY_ID = """
SELECT id, external_id, kind, name, email, session_version, blocked_at IS NOT NULL, locale FROM "user"
 WHERE workspace_id = %(workspace)s AND id = %(user)s"""
# As for a link to sign in (user_links.KNOWN), who is blocked too: what is kept of them is theirs all the same.
OF_ADDRESS = f"""
SELECT u.id FROM "user" u
 WHERE u.workspace_id = %(workspace)s AND lower(u.email) = lower(%(email)s) AND u.kind IN ('guest', 'identified')
   AND {claims.BELIEVED}
 ORDER BY u.last_seen_at DESC, u.id DESC LIMIT {MOST}"""


class Link(NamedTuple):
    url: str
    expires_at: datetime


def make(reader: Reader, external_id: str, base_url: str) -> Link:
    """A link for this user, to be given to nobody else. For admins. NotFound when there is no such user."""
    user = users.find(reader.workspace, external_id)
    return Link(address(workspaces.home(reader.workspace, base_url), reader.workspace.id, user), db.row(ENDS)[0])


def address(home: str, workspace_id: int, user: User) -> str:
    return f"{home}/data/{tokens.sign(LINK, {'w': workspace_id, 'u': user.id, 'v': user.session_version})}"


def opened(workspace: Workspace, token: str) -> User:
    """Whose link this is. Unauthenticated (`link_gone`) when it does not hold any more, NotFound when it never did here."""
    said = tokens.read(LINK, token)
    if said["w"] != workspace.id:
        raise NotFound("There is no such link.")
    user = by_id(workspace.id, said["u"])
    if user is None or user.session_version != said["v"]:
        raise Unauthenticated(GONE, "link_gone")
    return user


def by_id(workspace_id: int, user: int) -> User | None:
    row = db.row(BY_ID, workspace=workspace_id, user=user)
    return row and User(*row)


@db.verb
def ask(workspace: Workspace, email: str, *, locale: str, home: str, network: str) -> None:
    """Have a link sent to this address, for each user who has it; whose it is has been shown. Too many letters, or a
    blocked address: nothing happens."""
    if not blocked_addresses.takes(workspace.id, email) or not limits.allows_guest_letter(workspace.id, email, network):
        return
    for (user,) in db.rows(OF_ADDRESS, workspace=workspace.id, email=email):
        jobs.enqueue(SEND, workspace.id, queue=letters.QUEUE, user=user, locale=locale, home=home)


def send(job: jobs.Job) -> None:
    """Write and send the letter, which is kept nowhere; whoever was erased meanwhile gets none."""
    user = by_id(job.workspace_id, job.args["user"])
    if user and user.email:
        url = address(job.args["home"], job.workspace_id, user)
        written = write(workspaces.find(job.workspace_id), words.chosen(job.args["locale"]), url)
        letters.deliver(user.email, written._replace(way_in=url, label="Link to their data"),
                        f"data-link.{job.workspace_id}.{job.id}")  # fmt: skip


def write(workspace: Workspace, said: words.Words, url: str) -> letters.Written:
    subject = said.say("letterData", workspace.name)
    return letters.write("data_link", subject, workspace=workspace, words=said, url=url, days=DAYS)
