"""Posts that are likely to ask for the same, side by side: one becomes a part of the other, or they are told apart."""

import falcon

from service.feedback import actions, duplicates
from service.web import cursors, inputs
from service.web.dashboard.page import Page, render
from service.web.guards import require_member
from service.web.inputs import whole
from service.web.page import Done
from service.web.pages import query

PAGE = 20
LIST, THOUSAND = "duplicates", 1000
DECIDED = "Nothing was left to do: somebody decided before you."


@falcon.before(require_member)
class Duplicates(Page):
    def show(self, req, resp):
        begin = after(req)
        found = duplicates.page(req.context.reader, PAGE + 1, begin)
        page, following = cursors.cut(found, PAGE, LIST, place)
        render(req, resp, "app/duplicates.html", active="duplicates", found=page, is_later_page=begin is not None,
               next_url=following and query(cursor=following))  # fmt: skip

    def merge(self, req):
        return merged(req, *both(req))

    def merge_back(self, req):
        number, other = both(req)
        return merged(req, other, number)

    def dismiss(self, req):
        number, other = both(req)
        duplicates.dismiss(req.context.reader, number, other)
        return Done(f"Noted: #{number} and #{other} are not the same.")

    deeds = {"merge": merge, "merge_back": merge_back, "dismiss": dismiss}


def both(req) -> tuple[int, int]:
    """The two posts that a form names; 0 for what is no number, which no post has."""
    number, other = (whole(req.context.form.get(name, "")) or 0 for name in ("post", "other"))
    return number, other


def merged(req, number: int, into: int) -> Done:
    action = actions.take(req.context.reader, "merge", [number], str(into))
    return Done(f"#{number} is a part of #{into} now.", undo=action.id) if action else Done(DECIDED)


def after(req) -> tuple[float, int, int] | None:
    found = cursors.place_after(inputs.param(req, "cursor"), LIST, 3)
    return found and (found[0] / THOUSAND, found[1], found[2])


def place(pair: duplicates.Pair) -> tuple[int, int, int]:
    """Where a pair stands in the list, in whole numbers; scores are kept to a thousandth."""
    score, first, second = pair.place
    return round(score * THOUSAND), first, second
