"""What waits for the team, what was deleted lately and can come back, and who is blocked."""

from contextlib import suppress

import falcon

from service.errors import Invalid, NotFound
from service.feedback import blocked_addresses, blocking, edits, held_comments, moderation
from service.web import cursors, inputs
from service.web.dashboard import held_comments as comments
from service.web.dashboard import places
from service.web.dashboard.page import Page, posts, render
from service.web.guards import require_admin, require_member
from service.web.inputs import whole
from service.web.page import Done
from service.web.pages import query

DELETED_DAYS = moderation.DELETED_DAYS
PAGE = 25
SHOWN = {"waiting": moderation.held, "comments": held_comments.page, "deleted": moderation.deleted,
         "blocked": moderation.blocked, "addresses": blocked_addresses.page}  # fmt: skip
# why a post waits
REASONS = comments.REASONS | {
    "board": "On this board, every post waits for the team.",
    "plan": "Free has no room for more open posts. Its author has not been told: to them it looks as if it stood there.",
}
DECIDED = comments.DECIDED


@falcon.before(require_member)
class Moderation(Page):
    def show(self, req, resp):
        tab = inputs.param(req, "show", "waiting")
        if tab not in SHOWN:
            raise Invalid(show=f"Show one of: {', '.join(SHOWN)}.")
        found = SHOWN[tab](req.context.reader, PAGE + 1, places.after(req, tab))
        page, following = cursors.cut(found, PAGE, tab, place)
        render(req, resp, "app/moderation.html", active="moderation", tab=tab, found=page, days=DELETED_DAYS,
               count=moderation.waiting(req.context.reader), version=moderation.version,
               next_url=following and query(show=tab, cursor=following), **{**comments.shown(req), "reasons": REASONS},
               )  # fmt: skip

    def approve(self, req):
        done = moderation.approve(req.context.reader, numbers(req), {number: seen for number, seen in ticked(req) if seen})
        return Done(f"{were(done)} approved; everyone can see {'it' if done == 1 else 'them'} now." if done else DECIDED)

    def decline(self, req):
        action = moderation.decline(req.context.reader, numbers(req))
        return Done(f"{were(action.posts)} declined.", undo=action.id) if action else Done(DECIDED)

    def block(self, req):
        require_admin(req)
        action = moderation.decline(req.context.reader, numbers(req), block=True)
        return Done(f"{were(action.posts)} declined and the author blocked." if action else DECIDED)

    def restore(self, req):
        done = 0
        for each in numbers(req):
            with suppress(NotFound):
                done += edits.restore(req.context.reader, each)
        return Done(f"{were(done)} restored." if done else DECIDED)

    def unblock(self, req):
        require_admin(req)
        chosen = req.context.form.every("user")
        if not chosen:
            raise Invalid(user="Tick the users first.")
        for each in chosen[:PAGE]:
            with suppress(NotFound):
                blocking.unblock(req.context.reader, each)
        return Done("They can write and vote again." if len(chosen) > 1 else "This user can write and vote again.")

    def hold(self, req):
        require_admin(req)
        is_on = bool(req.context.form.get("hold"))
        moderation.hold_suspects(req.context.reader, is_on)
        req.context.page["workspace"] = req.context.workspace._replace(holds_suspects=is_on)
        return Done(f"From now on what looks like spam {'waits here' if is_on else 'appears at once'}.")

    def block_address(self, req):
        require_admin(req)
        value = blocked_addresses.block(req.context.reader, req.context.form.get("address", ""))
        return Done(f"{value} is blocked.")

    def lift(self, req):
        require_admin(req)
        chosen = req.context.form.every("place")
        if not chosen:
            raise Invalid(place="Tick the addresses first.")
        for each in chosen[:PAGE]:
            kind, _, value = each.partition(":")
            blocked_addresses.lift(req.context.reader, kind, value)
        return Done("What comes from there is taken again.")

    deeds = {"approve": approve, "decline": decline, "block": block, "restore": restore, "unblock": unblock,
             "hold": hold, "block_address": block_address, "lift": lift, **comments.DEEDS}  # fmt: skip


def place(each) -> tuple[int, int]:
    """Where an item stands in its list: by its moment, and then by its number if it has one."""
    return places.of(each.at, each[0] if isinstance(each[0], int) else 0)


def ticked(req) -> list[tuple[int, str]]:
    """The posts that are ticked, or the one whose button was pressed, each with the version of it that was read."""
    sent = [each.partition(":") for each in req.context.form.every("number")[:PAGE]]
    found = [(number, seen) for digits, _, seen in sent if (number := whole(digits))]
    if not found:
        raise Invalid(number="Tick the posts first.")
    return found


def numbers(req) -> list[int]:
    return [number for number, _ in ticked(req)]


def were(count: int) -> str:
    return f"{posts(count)} {'was' if count == 1 else 'were'}"
