"""What looks like spam, and so waits for the team instead of being shown: soft signals, none of which ever loses a word."""

import re
import time
import unicodedata
from typing import NamedTuple

from service import db
from service.errors import Unauthenticated
from service.feedback import blocked_addresses
from service.feedback.readers import Reader
from service.feedback.workspaces import Workspace
from service.lib import markdown, tokens

FORM = "form"  # purpose of the token that says when a form was shown
QUICKEST, LONGEST = 2, 7 * tokens.DAY  # seconds between a form's being shown and sent
MOST_LINKS, MOST_LINKS_VOUCHED = 3, 10
AT_ONCE, LONGEST_READ = 20, 2_000  # so many of the last day's posts, and comments, are compared by so many characters
SHORT, SAID_BEFORE = 20, 2  # what has fewer letters may be said again, but not for the third time
ALIKE = 0.8  # of the runs of three letters that two texts have
VOUCHED = ("identified", "member")  # kinds of users whom the customer, or the team itself, knows
LINK = re.compile(r"(?:\]\(\s*<?|https?://|\bwww\.)[^\s()\[\]<>,;|\"']+", re.IGNORECASE)

# Who the customer vouches for writes as themselves. Others have several names, one a browser: those of their network count
# as one.
KNOWN = f"""
WITH writer AS MATERIALIZED (
  SELECT id, kind = ANY(%(vouched)s) AS is_vouched FROM "user"
   WHERE workspace_id = %(workspace)s AND id = %(user)s
), writers AS MATERIALIZED (
  SELECT id FROM writer UNION
  (SELECT u.id FROM writer, "user" u
    WHERE NOT writer.is_vouched AND u.workspace_id = %(workspace)s AND u.network_tag = ANY(%(tags)s::text[])
      AND u.kind = 'anonymous' ORDER BY u.first_seen_at DESC LIMIT %(most)s)
)
SELECT is_vouched, {blocked_addresses.KIND_OF_PLACE}, array(
  (SELECT left(p.title || E'\\n' || p.body, %(length)s) FROM writers JOIN post p ON p.author_id = writers.id
    WHERE p.workspace_id = %(workspace)s AND p.created_at > now() - interval '1 day' ORDER BY p.number DESC LIMIT %(most)s)
  UNION ALL
  (SELECT left(c.body, %(length)s) FROM writers JOIN comment c ON c.user_id = writers.id
    WHERE c.workspace_id = %(workspace)s AND c.created_at > now() - interval '1 day' ORDER BY c.id DESC LIMIT %(most)s))
  FROM writer"""
VOUCHED_FOR = 'SELECT kind = ANY(%(vouched)s) FROM "user" WHERE workspace_id = %(workspace)s AND id = %(user)s'


class Signals(NamedTuple):
    """What a form of ours says about how it was filled."""

    trap: str = ""  # what is in the field that nobody sees
    began: str | None = None  # the signed moment at which it was shown (`moment`)
    network: str = ""  # that it came from
    emails: tuple[str, ...] = ()  # whoever sent it left, or is known by


def moment(workspace: Workspace) -> str:
    """What a form carries from when it is shown."""
    return tokens.sign(FORM, {"w": workspace.id, "t": round(time.time(), 1)})


def why(reader: Reader, words: str, signals: Signals | None) -> str | None:
    """Why these words wait for the team, None when they do not. To be asked in the transaction that writes them, before.

    It is one of: address, network (blocked), trap, quick, links, repeat. The team and its programs are never asked; of
    those whom the customer vouches for only words count. Where the workspace holds no suspects, what it has blocked waits
    all the same."""
    if reader.is_member or signals is None:
        return None
    tags = blocked_addresses.tags(reader.workspace.id, signals.network)
    workspace = reader.workspace.id
    places = tags + [place for email in signals.emails for place in blocked_addresses.places(workspace, email)]
    row = db.row(KNOWN, workspace=reader.workspace.id, user=reader.user, places=places, tags=tags,
                 vouched=list(VOUCHED), most=AT_ONCE, length=LONGEST_READ)  # fmt: skip
    is_vouched, blocked, earlier = row or (False, None, [])
    if blocked and not is_vouched:
        return blocked
    return suspicious(reader.workspace, words, signals, is_vouched, earlier) if reader.workspace.holds_suspects else None


def suspicious(workspace: Workspace, words: str, signals: Signals, is_vouched: bool, earlier: list[str]) -> str | None:
    if not is_vouched and (said := of_the_form(workspace, signals)):
        return said
    if links(words) > (MOST_LINKS_VOUCHED if is_vouched else MOST_LINKS):
        return "links"
    return "repeat" if is_repeated(words, earlier, may_be_short=is_vouched) else None


def why_changed(reader: Reader, before: str, after: str) -> str | None:
    """Why what was let in waits when its author has put these words in place of the former ones; None when it does not."""
    if reader.is_member or not reader.workspace.holds_suspects or links(after) <= max(links(before), MOST_LINKS):
        return None
    [is_vouched] = db.row(VOUCHED_FOR, workspace=reader.workspace.id, user=reader.user, vouched=list(VOUCHED))
    return "links" if links(after) > MOST_LINKS_VOUCHED or not is_vouched else None


def of_the_form(workspace: Workspace, signals: Signals) -> str | None:
    if signals.trap:
        return "trap"
    return None if QUICKEST <= age(workspace, signals.began) <= LONGEST else "quick"


def age(workspace: Workspace, began: str | None) -> float:
    """Seconds since a form of this workspace was shown; below zero when nothing of ours says when."""
    try:
        said = tokens.read(FORM, began)
    except Unauthenticated:
        return -1
    return time.time() - said["t"] if said["w"] == workspace.id else -1


def links(words: str) -> int:
    """How many addresses a text leads to: as it can be read, and as it is shown, a title apart from what follows it."""
    plain, (_, _, body) = unicodedata.normalize("NFKC", words), words.partition("\n")
    shown = (markdown.render(each).count("<a ") for each in (words, body))
    return max(len(LINK.findall(plain)), plain.count("://"), *shown)


def is_repeated(words: str, earlier: list[str], may_be_short: bool = False) -> bool:
    """Whether a text says what was said earlier, but for a few letters; a short one, exactly that, twice before, unless
    short ones may be said again and again: "+1" here and there."""
    said, before = folded(words), [folded(each) for each in earlier]
    if len(said) < SHORT:
        return not may_be_short and before.count(said) >= SAID_BEFORE
    return any(alike(said, each) >= ALIKE for each in before)


def folded(words: str) -> str:
    """Its letters and digits, without capitals, accents' spellings and what stands between words; signs when there are none
    of those."""
    plain = unicodedata.normalize("NFKC", words[:LONGEST_READ]).casefold()
    return " ".join(re.findall(r"\w+", plain)) or plain.strip()


def alike(one: str, other: str) -> float:
    """0 to 1: how many of the runs of three letters of two texts are in both."""
    runs = [{text[at : at + 3] for at in range(len(text) - 2)} for text in (one, other)]
    return len(runs[0] & runs[1]) / max(1, len(runs[0] | runs[1]))
