"""Guests: who wrote without an account and left an e-mail address. Nothing is made of it, and nobody sees the name that they
gave, before they open the link in the letter that goes to this address, and say so."""

import unicodedata
from typing import NamedTuple

from service import db, events
from service.errors import Conflict, Forbidden, Invalid, NotFound, SaysoError, Unauthenticated, Why
from service.feedback import blocked_addresses, letters, limits
from service.feedback.readers import Reader
from service.feedback.sign_in import NO_ADDRESS
from service.feedback.users import User
from service.feedback.workspaces import Workspace
from service.lib import text, tokens

LETTER = "guest"  # kind of the letter, and purpose of the token in its link
LONGEST_NAME = 80
DAYS = tokens.LIFETIME[LETTER] // tokens.DAY  # for which a link holds
SHORT_NAME = 3  # letters of a workspace's name with which people's names may begin by chance

WRITTEN = """
SELECT seq FROM event e
 WHERE workspace_id = %(workspace)s AND post_number = %(number)s AND type = 'post.created' AND user_id = %(user)s
   AND NOT EXISTS (SELECT FROM letter l WHERE l.workspace_id = e.workspace_id AND l.event_seq = e.seq
                      AND l.kind = %(kind)s AND l.to_email = %(email)s)"""
TO_THE_GUEST = letters.ADDRESS.format(readers="SELECT %(email)s AS email")
MEMBERS = """
SELECT p.name FROM member m JOIN person p ON p.id = m.person_id WHERE m.workspace_id = %(workspace)s AND p.name <> ''
   AND m.joined_at IS NOT NULL"""
STANDING = 'SELECT kind, email, blocked_at IS NOT NULL FROM "user" WHERE workspace_id = %(workspace)s AND id = %(user)s'
HOLD = f"{STANDING} FOR NO KEY UPDATE"
# The rest of the id stays: a draft that is sent once more is still by the same user (users.make_anonymous).
CONFIRM = """
UPDATE "user" SET kind = 'guest', email = %(email)s, name = %(name)s,
       external_id = regexp_replace(external_id, '^anon_', 'guest_')
 WHERE workspace_id = %(workspace)s AND id = %(user)s"""
RENAME = """
UPDATE "user" SET name = %(name)s
 WHERE workspace_id = %(workspace)s AND id = %(user)s AND kind = 'guest' AND name <> %(name)s"""


class Guest(NamedTuple):
    """Who somebody says they are."""

    email: str
    name: str = ""


class Link(NamedTuple):
    """What the link of a letter says, and whether it was confirmed."""

    user: int
    guest: Guest
    is_confirmed: bool


def checked(workspace: Workspace, user: User | None, email: str, name: str) -> Guest | None:
    """Who is to be asked whether they wrote a post; None when this workspace does not ask this user, or lets them choose
    and they gave nothing. Raises Invalid with the field that must change."""
    if workspace.ask_email == "no" or (user and user.kind != "anonymous"):
        return None
    if not email.strip() and workspace.ask_email == "optional":
        return None
    wrong, said = {}, (text.email(email), text.fitting(name, LONGEST_NAME, text.tidy_line))
    if said[0] is None:
        wrong["email"] = NO_ADDRESS
    if refusal := why_not(workspace, said[1]):
        wrong["name"] = refusal
    if wrong:
        raise Invalid(**wrong)
    return Guest(*said)


def why_not(workspace: Workspace, name: str | None) -> Why | None:
    """Why a guest cannot be called this (None: more than a name is long); None when they can."""
    if name is None:
        return Why(f"A name has at most {LONGEST_NAME} characters.", "name_too_long", LONGEST_NAME)
    if is_the_teams(workspace, name):
        said = f"This name would look like one of the {workspace.name} team. Write it a little differently."
        return Why(said, "name_of_team", workspace.name)
    return None


@db.verb
def rename(reader: Reader, name: str) -> str:
    """Have the reader's user, who is a guest, be called this from here on. Returns it as it is written. Raises Invalid;
    Forbidden for anybody else, whose name comes from the customer's product, if they have one."""
    allow(reader)
    said = text.fitting(name, LONGEST_NAME, text.tidy_line)
    if refusal := why_not(reader.workspace, said):
        raise Invalid(name=refusal)
    if db.changed(RENAME, workspace=reader.workspace.id, user=reader.user, name=said):
        events.record("user.identified", reader.workspace.id, user=reader.user, data={"changed": ["name"]})
    return said


def allow(reader: Reader) -> None:
    row = db.row(STANDING, workspace=reader.workspace.id, user=reader.user)
    if row and row[0] == "identified":
        name = reader.workspace.name
        raise Forbidden(f"Your name and address come from {name}.", "named_by_product", name)
    if not row or row[0] != "guest":
        raise Forbidden("Sign in first: this browser's user has no name.", "nameless")


def is_the_teams(workspace: Workspace, name: str) -> bool:
    """Whether people would take a guest of this name for a member, or for the workspace itself."""
    said, product = folded(name), folded(workspace.name)
    rest = said.removeprefix(product)
    if product and rest != said and (len(product) > SHORT_NAME or not rest[:1].isalnum()):
        return True
    return bool(said) and said in {folded(known) for (known,) in db.rows(MEMBERS, workspace=workspace.id)}


def folded(name: str) -> str:
    """What is the same for all that read alike but for capitals, blanks and shapes of letters."""
    shown = "".join(char for char in name if unicodedata.category(char) != "Cf")
    return " ".join(unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", shown).casefold()).split())


@db.verb
def ask(reader: Reader, number: int, guest: Guest, network: str) -> None:
    """Have a letter sent that asks this guest whether they wrote the post, as a part of writing it. Asked already, too many
    letters, or a blocked address: nothing happens, and whoever wrote the post does not learn which. `network` is where they
    are."""
    workspace, email = reader.workspace.id, guest.email
    row = db.row(WRITTEN, workspace=workspace, user=reader.user, number=number, kind=LETTER, email=email)
    if row and blocked_addresses.takes(workspace, email) and limits.allows_guest_letter(workspace, email, network):
        letters.address(TO_THE_GUEST, LETTER, workspace, row[0], name=guest.name, email=email)


def token(workspace_id: int, user: int, guest: Guest) -> str:
    """What makes the link. It is in the letter and nowhere else."""
    return tokens.sign(LETTER, {"w": workspace_id, "u": user, "e": guest.email, "n": guest.name})


def look(workspace: Workspace, token: str) -> Link:
    """What a link says, without confirming it. Unauthenticated when it does not hold, NotFound when the user was erased,
    Forbidden when they were blocked, Conflict when they are somebody else by now."""
    return found(STANDING, workspace, token)


@db.verb
def confirm(workspace: Workspace, token: str) -> Link:
    """Make the user of this link a guest with its address and name; again, nothing happens. Errors as of `look`."""
    link = found(HOLD, workspace, token)
    if not link.is_confirmed:
        db.changed(CONFIRM, workspace=workspace.id, user=link.user, **link.guest._asdict())
        changed = ["email", "name"] if link.guest.name else ["email"]
        events.record("user.identified", workspace.id, user=link.user, data={"changed": changed})
    return link._replace(is_confirmed=True)


def waits(workspace: Workspace, token: str) -> bool:
    """Whether there is still somebody who can open this link."""
    try:
        return not look(workspace, token).is_confirmed
    except SaysoError:
        return False


def found(sql: str, workspace: Workspace, token: str) -> Link:
    said = tokens.read(LETTER, token)
    if said["w"] != workspace.id:
        raise Unauthenticated("This link belongs to another address.")
    row = db.row(sql, workspace=workspace.id, user=said["u"])
    if row is None:
        raise NotFound("There is nothing left to confirm: what you wrote is yours already, or was taken away meanwhile.")
    kind, email, is_blocked = row
    if is_blocked:
        raise Forbidden(f"{workspace.name} takes nothing more from whoever wrote this.", "blocked")
    if kind != "anonymous" and (kind, email) != ("guest", said["e"]):
        raise Conflict("Whoever wrote this has confirmed another address meanwhile. Nothing was changed.")
    return Link(said["u"], Guest(said["e"], said["n"]), kind == "guest")
