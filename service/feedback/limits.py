"""How often something may be done: every limit, once.

What is done within a workspace is counted for that workspace, so that none can spend what another may; only what protects
somebody who is in no workspace (whose mailbox it is, whose network) is counted over all of them, and says so. What was
refused counts for nothing, where it is a part of a transaction: that is rolled back.

A limit that is `open` guards no more than a little of our time: when it cannot be counted, because its row is locked or the
disk is full, what it limits goes on. The others guard mailboxes, disks, other people's servers and what costs much: they
then refuse, with a 503."""

from ipaddress import ip_address, ip_network

from service import db
from service.errors import RateLimited
from service.feedback.counting import MINUTE, Count, Limit, hit
from service.lib import text, tokens

HOUR, DAY = 3600, 24 * 3600  # seconds
KILOBYTE = 1024

# ── what a statement counts that asks something anyway ──────────────────────────────────────────────────────────────

API = Limit("api", 3000, MINUTE, "workspace, key", open=True)
PAGES = Limit("pages", 300, MINUTE, "workspace, network", open=True)  # an office shares a network
WIDGET_CALLS = Limit("widget", 1200, MINUTE, "workspace, network", open=True)
WIDGET_FIRST_DEEDS = Limit("widget-first-deeds", 600, MINUTE, "workspace, network", open=True)  # of who is nobody yet
SIMILAR = Limit("similar", 180, MINUTE, "workspace, user", open=True)  # as often as a form can ask while one types
SIMILAR_FOR_NOBODY = Limit("similar-for-nobody", 600, MINUTE, "workspace, network", open=True)

# what one user does through the widget
WIDGET_POSTS = Limit("widget-posts", 30, MINUTE, "workspace, user", open=True)
WIDGET_COMMENTS = Limit("widget-comments", 30, MINUTE, "workspace, user", open=True)
WIDGET_EDITS = Limit("widget-edits", 60, MINUTE, "workspace, user", open=True)
WIDGET_VOTES = Limit("widget-votes", 120, MINUTE, "workspace, user", open=True)
WIDGET_REACTIONS = Limit("widget-reactions", 120, MINUTE, "workspace, user", open=True)
WIDGET_FILES = Limit("widget-files", 30, MINUTE, "workspace, user", open=True)


def widget(workspace: int, network: str, user: int | None, deed: Limit | None) -> list[Count]:
    """What a call of the widget counts as. `deed` is the limit of what it does, if that has one of its own."""
    calls = [WIDGET_CALLS.of(workspace, network)]
    if deed is None:
        return calls
    if user:
        return [*calls, deed.of(workspace, user)]
    return [*calls, (SIMILAR_FOR_NOBODY if deed is SIMILAR else WIDGET_FIRST_DEEDS).of(workspace, network)]


# ── the public pages ────────────────────────────────────────────────────────────────────────────────────────────────

DEEDS = Limit("deeds", 60, MINUTE, "workspace, user", open=True)
FIRST_DEEDS = Limit("first-deeds", 120, MINUTE, "workspace, network", open=True)
SITEMAPS = Limit("sitemaps", 10, MINUTE, "workspace, network", open=True)
EXPORTS = Limit("exports", 5, HOUR, "workspace, user")
SAID = Limit("said", 1, 2 * MINUTE, "workspace, what was said and from where")
# over all workspaces: which one its secret names is only known when it was opened. Who wants no more letters is not stopped
LETTER_CHOICES = Limit("letter-choices", 300, MINUTE, "network", open=True)


def page(workspace: int, network: str) -> None:
    """One more page, where no visit counts it."""
    hit(PAGES.of(workspace, network))


def deed(workspace: int, network: str, user: int | None) -> None:
    """One more form that a visitor sends; who is nobody yet shares with their network."""
    hit(DEEDS.of(workspace, user) if user else FIRST_DEEDS.of(workspace, network))


def similar(workspace: int, network: str, user: int | None) -> None:
    """One more look for what is like the words that a visitor types."""
    hit(SIMILAR.of(workspace, user) if user else SIMILAR_FOR_NOBODY.of(workspace, network))


def sitemap(workspace: int, network: str) -> None:
    hit(SITEMAPS.of(workspace, network))


def export(workspace: int, user: int) -> None:
    """One more file with all that is kept about a user, made for themselves."""
    hit(EXPORTS.of(workspace, user))


def is_said_again(workspace: int, what: str) -> bool:
    """Whether this, a hash of words and of where they came from, was counted moments ago."""
    try:
        hit(SAID.of(workspace, what))
    except RateLimited:
        return True
    return False


def letter_choices(network: str) -> None:
    """One more look behind the link in a letter to a member."""
    hit(LETTER_CHOICES.of(network))


# ── letters: by mailbox also over all workspaces, for its owner does not care which of them floods it ──────────────────────

SIGN_INS_THERE = Limit("sign-in", 5, HOUR, "mailbox, network")  # a stranger elsewhere locks nobody out
SIGN_INS = Limit("sign-in-to", 20, HOUR, "mailbox")
SIGN_INS_FROM = Limit("sign-in-from", 20, HOUR, "network")
USER_SIGN_INS_THERE = Limit("user-sign-in", 5, HOUR, "mailbox, network")
USER_SIGN_INS = Limit("user-sign-in-to", 20, HOUR, "workspace, mailbox")
USER_SIGN_INS_BY_ALL = Limit("user-sign-in-by-all", 60, HOUR, "mailbox")  # more than one workspace can spend
USER_SIGN_INS_FROM = Limit("user-sign-in-from", 20, HOUR, "network")
GUEST_LETTERS_FROM = Limit("guest-letters-from", 20, DAY, "network")
GUEST_LETTERS_TO = Limit("guest-letters-to", 3, DAY, "workspace, mailbox")
GUEST_LETTERS_BY_ALL = Limit("guest-letters-by-all", 12, DAY, "mailbox")  # more than one workspace can spend
GUEST_LETTERS = Limit("guest-letters", 500, DAY, "workspace")
PROOFS = Limit("proofs", 10, HOUR, "person")
NEW_ADDRESSES = Limit("new-addresses", 5, DAY, "person")
NEW_ADDRESSES_TO = Limit("new-addresses-to", 3, DAY, "person, mailbox")
NEW_ADDRESSES_BY_ALL = Limit("new-addresses-by-all", 12, DAY, "mailbox")  # more than one person can spend
INVITATIONS = Limit("invitations", 100, DAY, "workspace")
INVITATIONS_BY = Limit("invitations-by", 200, DAY, "person")  # who can make many workspaces
INVITED = Limit("invited", 3, DAY, "workspace, mailbox")
INVITED_BY_ONE = Limit("invited-by-one", 5, DAY, "person, mailbox")
INVITED_BY_ALL = Limit("invited-by-all", 20, DAY, "mailbox")  # more than one workspace can spend


@db.verb
def sign_in(email: str, network: str, is_usual: bool) -> None:
    """One more letter with a link by which a member signs in, asked for from this network. Where they are signed in already
    (`is_usual`), strangers elsewhere cannot use up what they may ask for."""
    name = mailbox(email)
    by_all = [] if is_usual else [SIGN_INS.of(name)]
    hit(SIGN_INS_THERE.of(name, network), *by_all, SIGN_INS_FROM.of(network))


@db.verb
def user_sign_in(workspace: int, email: str, network: str) -> None:
    """The same for a user of a workspace."""
    name = mailbox(email)
    hit(USER_SIGN_INS_THERE.of(name, network), USER_SIGN_INS.of(workspace, name), USER_SIGN_INS_BY_ALL.of(name),
        USER_SIGN_INS_FROM.of(network))


def allows_guest_letter(workspace: int, email: str, network: str) -> bool:
    """Count one more letter to somebody who may not have asked for it. Refused, it takes nothing from the others."""
    try:
        with db.database.atomic():
            name = mailbox(email)
            hit(GUEST_LETTERS_FROM.of(network), GUEST_LETTERS_TO.of(workspace, name), GUEST_LETTERS_BY_ALL.of(name),
                GUEST_LETTERS.of(workspace))  # fmt: skip
    except RateLimited:
        return False
    return True


def proof(person: int) -> None:
    """One more letter by which a member proves that they are who is signed in."""
    hit(PROOFS.of(person))


@db.verb
def new_address(person: int, email: str) -> None:
    """One more letter to an address that a member says is theirs from now on."""
    name = mailbox(email)
    hit(NEW_ADDRESSES.of(person), NEW_ADDRESSES_TO.of(person, name), NEW_ADDRESSES_BY_ALL.of(name))


@db.verb
def invitation(workspace: int, email: str, by: int) -> None:
    """One more letter that invites somebody to the team, written for the person `by`."""
    name = mailbox(email)
    hit(INVITATIONS.of(workspace), INVITED.of(workspace, name), INVITED_BY_ONE.of(by, name), INVITED_BY_ALL.of(name),
        INVITATIONS_BY.of(by))  # fmt: skip


# ── files ───────────────────────────────────────────────────────────────────────────────────────────────────────────

FILES = Limit("files", 5000, DAY, "workspace")  # of all its users
FILES_OF_USER = Limit("files-of-user", 100, DAY, "workspace, user")
FILES_FROM = Limit("files-from", 100, DAY, "workspace, network")
FILES_OF_TEAM = Limit("files-of-team", 5000, DAY, "workspace")
KILOBYTES = Limit("kilobytes", 2 * 1024 * 1024, DAY, "workspace")  # of all its users


def team_file(workspace: int) -> None:
    """One more file that a member or a program of theirs sends; users take nothing from the team."""
    hit(FILES_OF_TEAM.of(workspace))


@db.verb
def user_file(workspace: int, user: int, network: str | None, size: int) -> None:
    """One more file of so many bytes that a user sends. Refused, it takes nothing from the others."""
    there = [FILES_FROM.of(workspace, network)] if network else []
    kilobytes = KILOBYTES.of(workspace, more=-(-size // KILOBYTE))
    hit(FILES_OF_USER.of(workspace, user), *there, FILES.of(workspace), kilobytes)


# ── what the team does ──────────────────────────────────────────────────────────────────────────────────────────────

WORKSPACES = Limit("workspaces", 30, DAY, "person")
QUESTIONS = Limit("questions", 20, DAY, "workspace")
DOMAINS = Limit("domains", 20, DAY, "workspace")
LOGOS = Limit("logos", 10, MINUTE, "workspace")
WEBHOOK_TRIES = Limit("webhook-tries", 60, MINUTE, "workspace")
BILLING_LOOKS = Limit("billing-looks", 10, MINUTE, "workspace", open=True)
WORKSPACE_EXPORTS = Limit("workspace-exports", 10, DAY, "workspace")
WORKSPACE_IMPORTS = Limit("workspace-imports", 100, DAY, "workspace")
WAYS_TO_PAY = Limit("ways-to-pay", 20, HOUR, "workspace")


def new_workspace(founder: int) -> None:
    hit(WORKSPACES.of(founder))


def question(workspace: int) -> None:
    """One more question that goes to all who voted for a post."""
    hit(QUESTIONS.of(workspace))


def domain(workspace: int) -> None:
    """One more change of the domain: each can become an order of a certificate."""
    hit(DOMAINS.of(workspace))


def logo(workspace: int) -> None:
    """One more picture for a logo: each takes a process."""
    hit(LOGOS.of(workspace))


def webhook_try(workspace: int) -> None:
    """One more request to somebody else's server that a member asks for."""
    hit(WEBHOOK_TRIES.of(workspace))


def billing_look(workspace: int) -> None:
    """One more time that Stripe is asked for a page to show."""
    hit(BILLING_LOOKS.of(workspace))


def way_to_pay(workspace: int) -> None:
    """One more page of Stripe's, made for a workspace: each takes several requests there."""
    hit(WAYS_TO_PAY.of(workspace))


def workspace_import(workspace: int) -> None:
    """One more file to be read into it."""
    hit(WORKSPACE_IMPORTS.of(workspace))


def workspace_export(workspace: int) -> None:
    """One more file with all that is in a workspace."""
    hit(WORKSPACE_EXPORTS.of(workspace))


# ── whom it is counted for ──────────────────────────────────────────────────────────────────────────────────────────


def mailbox(email: str) -> str:
    """What counts as one mailbox, however it is spelled; not the address itself, only what it hashes to."""
    return tokens.hashed(text.mailbox(email)).hex()[:32]


def network(address: str) -> str:
    """The part of a network address that stands for one household: IPv6 hands everyone a /64 to hop around in."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6:
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)
