"""The letters of a workspace: what each says, what became of it and why, sending it again; addresses that get none."""

import falcon

from service.errors import Invalid
from service.feedback import letters, outbox, suppressions
from service.lib import mail, text
from service.web import cursors, inputs, pages
from service.web.dashboard import places
from service.web.dashboard.page import Page, at, render
from service.web.dashboard.system import subnav
from service.web.guards import require_admin, require_member
from service.web.inputs import whole
from service.web.page import Done
from service.web.pages import query

PAGE, MOST_SUPPRESSED = 50, 50
LONGEST_SEARCH = 200
KINDS = {
    "new_post": "New post", "new_posts": "New posts", "digest": "Digest", "mention": "Mention", "invitation": "Invitation",
    "webhook_failing": "Webhook failing", "webhook_failed": "Webhook switched off", "export_ready": "Export",
    "payment_failed": "Payment failed", "plan_ended": "Plan ended", "workspace_erasure": "Workspace to be erased",
    "status_changed": "Status", "answer": "Official answer", "reply": "Comments", "question": "Question", "merged": "Merged",
    "shipped": "Shipped", "news": "News", "guest": "Confirmation",
}  # fmt: skip
ON_ITS_WAY = "The letter is on its way again."


class Letters(Page):
    """What the list and a letter's own page can do."""

    def send(self, req, number=None):
        named = number if number is not None else whole(req.context.form.get("letter", ""))
        copy = whole(req.context.form.get("copy", ""))
        if named is None or copy is None:
            raise Invalid(letter="Name a letter of the list.")
        outbox.send_again(req.context.reader, named, min(copy, 32767))
        return Done(ON_ITS_WAY)

    def lift(self, req, number=None):  # noqa: ARG002 (a deed takes the place of its page)
        require_admin(req)
        suppressions.lift(req.context.reader, req.context.form.get("email", ""))
        return Done("Letters go to this address again.")

    deeds = {"send": send, "lift": lift}


@falcon.before(require_member)
class Outbox(Letters):
    def show(self, req, resp):
        reader = req.context.reader
        state, q = inputs.param(req, "state"), text.tidy_line(inputs.param(req, "q")[: 4 * LONGEST_SEARCH])[:LONGEST_SEARCH]
        if state and state not in outbox.STATES:
            raise Invalid(state=f"Show one of: {', '.join(outbox.STATES)}.")
        found = outbox.page(reader, PAGE, state=state or None, q=q, kinds=kinds_like(q),
                            before=places.number_after(req, "letters"))  # fmt: skip
        following = found.before and query(state=state, q=q, cursor=cursors.closed("letters", found.before))
        render(
            req, resp, "app/outbox.html", active="system", sub=subnav(req), letters=found.letters, is_all=found.is_all,
            due=outbox.next_attempts(reader, found.letters), counts=outbox.counts(reader), stop=outbox.MOST_COUNTED,
            chosen={"state": state, "q": q}, next_url=following, called=called, smtp=bool(req.context.config.smtp_url),
            suppressed=suppressions.of(reader, q, MOST_SUPPRESSED + 1), most_suppressed=MOST_SUPPRESSED,
            held_back=suppressions.among(reader, [letter.to_email for letter in found.letters]),
        )  # fmt: skip


@falcon.before(require_member)
class Letter(Letters):
    def show(self, req, resp, number):
        reader, config = req.context.reader, req.context.config
        letter = letters.read(reader.workspace.id, number)
        # a report that names it is believed, so it is for those who may hold back an address anyway
        name = letters.name(reader.workspace.id, letter.id, letter.copy) if req.context.role != "member" else ""
        render(
            req, resp, "app/letter.html", active="system", sub=subnav(req), letter=letter, called=called,
            due=outbox.next_attempts(reader, [letter]), why_not=outbox.why_not(reader.workspace.id, letter),
            message_id=name and f"<{name}@{mail.domain(config.mail_from)}>", smtp=bool(config.smtp_url),
            suppressed=suppressions.reason_of(reader.workspace.id, letter.to_email), jobs=at(req, "system/jobs"),
        )  # fmt: skip


@falcon.before(require_member)
class LetterHtml:
    """The HTML alone, for the sandboxed frame."""

    def on_get(self, req, resp, number):
        pages.render_letter(resp, letters.read(req.context.workspace.id, number).html)


def called(kind: str) -> str:
    """What a kind of letter is called here."""
    return KINDS.get(kind) or kind.replace("_", " ").capitalize()


def kinds_like(q: str) -> list[str]:
    """The kinds of letters that a search means."""
    return [kind for kind, label in KINDS.items() if q and q.lower() in (kind, label.lower())]
