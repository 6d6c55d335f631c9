"""Comments that wait for the team: decided on in Moderation, or where they stand below their post."""

from service.errors import Invalid
from service.feedback import held_comments
from service.web.dashboard import post_forms
from service.web.guards import require_admin
from service.web.inputs import whole
from service.web.page import Done

AT_ONCE = 25
# why a comment waits (spam.why)
REASONS = {
    "address": "Its author’s address, or everybody at its domain, is blocked.",
    "network": "It came from a network from which somebody was blocked lately.",
    "trap": "A field was filled in that only programs see.",
    "quick": "It was sent faster than people type, not by a form of ours, or from a page opened over a week before.",
    "links": "It has many links.",
    "repeat": "Its author has just said almost the same elsewhere.",
}
DECIDED = "Nothing was left to do: somebody decided before you."


def approve(_page, req) -> Done:
    found = ticked(req)
    done = held_comments.approve(req.context.reader, list(found), {id: seen for id, seen in found.items() if seen})
    return Done(f"{were(done)} approved; everyone can see {'it' if done == 1 else 'them'} now." if done else DECIDED)


def decline(_page, req) -> Done:
    done = held_comments.decline(req.context.reader, list(ticked(req)))
    return Done(f"{were(done)} declined." if done else DECIDED)


def block(_page, req) -> Done:
    require_admin(req)
    done = held_comments.decline(req.context.reader, list(ticked(req)), block=True)
    return Done(f"{were(done)} declined and the author blocked." if done else DECIDED)


def approve_here(_page, req, number: int) -> Done:
    id = post_forms.comment(req, number)
    seen = req.context.form.get("mark")
    done = held_comments.approve(req.context.reader, [id], {id: seen} if seen else None)
    return Done("The comment was approved; everyone can see it now." if done else DECIDED)


def decline_here(_page, req, number: int) -> Done:
    done = held_comments.decline(req.context.reader, [post_forms.comment(req, number)])
    return Done("The comment was declined." if done else DECIDED)


DEEDS = {"approve_comments": approve, "decline_comments": decline, "block_comments": block}  # of the page Moderation
DEEDS_HERE = {"approve_comment": approve_here, "decline_comment": decline_here}  # of the page of a post


def shown(req) -> dict:
    """What the page Moderation shows of them."""
    return {"comment_count": held_comments.waiting(req.context.reader), "comment_version": held_comments.version,
            "reasons": REASONS}  # fmt: skip


def ticked(req) -> dict[int, str]:
    """The comments that are ticked, or the one whose button was pressed, each with the version of it that was read."""
    sent = [each.partition(":") for each in req.context.form.every("comment")[:AT_ONCE]]
    found = {id: seen for digits, _, seen in sent if (id := whole(digits))}
    if not found:
        raise Invalid(comment="Tick the comments first.")
    return found


def were(count: int) -> str:
    return "1 comment was" if count == 1 else f"{count} comments were"
