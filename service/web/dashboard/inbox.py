"""What arrived: the list that a member keeps open, narrowed to what they look for, and what they do to many at once."""

from typing import NamedTuple

import falcon

from service.errors import Conflict, Invalid, NotFound
from service.feedback import (
    actions,
    boards,
    companies,
    filters,
    insights,
    lists,
    segments,
    statuses,
    tags,
    team,
    views,
    workspaces,
)
from service.web import inputs, pages
from service.web.dashboard.history import said
from service.web.dashboard.page import Page, render
from service.web.guards import require_member
from service.web.inputs import whole
from service.web.page import Done
from service.web.rows import Row, StatusCount, row

PAGE = 50  # posts
USUAL_SORT = "new"
SORTS = (("new", "Newest"), ("top", "Most votes"), ("trending", "Trending"), ("updated", "Updated"), ("mrr", "MRR"))
NAMES = (*filters.WORDS, *filters.DAYS, "mrr_from", "assignee", "unanswered")
# kind of action → the field of the form that says its value
FIELD = {"status": "status", "tag": "tag", "untag": "tag", "assign": "member", "board": "board", "merge": "into"}


class Listed(NamedTuple):
    """A line of the inbox: the post, what of it only the team sees, and how it `was` when it was shown (`seen`)."""

    post: Row
    was: str
    tags: list[tags.Tag]
    assignee: str | None
    pinned: bool
    locked: bool


class Chip(NamedTuple):
    """A filter that is on, in words, and the address without it."""

    label: str
    without: str


@falcon.before(require_member)
class Inbox(Page):
    def show(self, req, resp):
        reader, words = req.context.reader, asked(req)
        found = filters.read(words)
        sort = found.get("sort", USUAL_SORT)
        page = lists.page(reader, cursor=inputs.param(req, "cursor"), limit=PAGE, bounded=True, **{**found, "sort": sort})
        counts, there = lists.counts(reader), choices(req)
        known, names = {tag.key: tag for tag in there["tags"]}, filters.written(found)
        render(
            req, resp, "app/inbox.html", active="inbox", **there, names=names, chips=chips(names, there),
            posts=[listed(req, post, known) for post in page.posts], sort=sort, sorts=SORTS, looked_at=lists.LOOKED_AT,
            worth=insights.look(reader) if sort == "mrr" or "mrr_from" in found else None,
            counts=[StatusCount(*each[1:], posts=counts[each.key]) for each in there["statuses"]],
            most=lists.MOST_COUNTED + 1, total=sum(counts.values()), address=address,
            next_url=page.next_cursor and address(names, cursor=page.next_cursor), views=views.of(reader),
            query=address(names).removeprefix("?"), snippet=snippet(req) if not any(counts.values()) else "",
        )  # fmt: skip

    def act(self, req):
        """What the pressed button says, to the posts whose boxes are ticked."""
        form = req.context.form
        kind = form.get("kind", "")
        value = form.get(FIELD.get(kind, ""), "")
        if kind == "assign" and not value:
            raise Invalid(member="Choose a member, or nobody.")
        numbers = [found for found in map(whole, form.every("post")) if found]
        try:
            action = actions.take(req.context.reader, kind, numbers, value, note=form.get("note", ""),
                                  notify="notify" in form, seen=seen(form.every("was"), kind))  # fmt: skip
        except NotFound as error:  # of the page: it is a post of the list that went meanwhile
            raise Conflict(f"{error} It was deleted meanwhile, so nothing was done; choose again.", "stale") from None
        return Done(f"{said(action)}.", undo=action.id) if action else Done("Nothing had to change.")

    def save_view(self, req):
        name = req.context.form.get("name", "")
        views.save(req.context.reader, name, req.query_string)
        return Done("The view was saved.")

    def delete_view(self, req):
        try:
            name = views.delete(req.context.reader, whole(req.context.form.get("view", "")) or 0)
        except NotFound:
            return Done("This view was deleted before.")
        return Done(f"The view “{name}” was deleted.")

    deeds = {"act": act, "save_view": save_view, "delete_view": delete_view}


def seen(rows: list[str], kind: str) -> dict[int, str | int | None]:
    """What an action replaces, as the rows of the list showed it, by number of the post. A row says 12:open:features:7."""
    found = {}
    for number_of, status, board, member in (each.split(":") for each in rows if each.count(":") == 3):
        found[whole(number_of)] = {"status": status, "board": board, "assign": whole(member)}.get(kind)
    return found


def asked(req) -> dict[str, str]:
    """The filters in the address, as they were written."""
    return {name: inputs.param(req, name) for name in NAMES}


def address(names: dict[str, str], **changed: str | None) -> str:
    """The inbox with these filters, some of them changed."""
    return pages.query(**{**names, **changed})


def choices(req) -> dict[str, list]:
    """Everything that can be chosen from."""
    reader = req.context.reader
    return {
        "statuses": statuses.of(reader.workspace.id), "boards": boards.of(reader), "tags": tags.of(reader),
        "members": [member for member in team.of(reader) if member.has_joined], "segments": segments.names(reader),
        "plans": companies.plans(reader),
    }  # fmt: skip


def chips(names: dict[str, str], there: dict[str, list]) -> list[Chip]:
    """The filters that are on, in words. Status and sort have their own place."""
    shown = [(name, words(name, value, there)) for name, value in names.items() if name not in ("status", "sort")]
    return [Chip(label, address(names, **{name: None})) for name, label in shown]


def words(name: str, value: str, there: dict[str, list]) -> str:
    if name == "assignee":
        named = next((each.name or each.email for each in there["members"] if str(each.id) == value), "someone else")
        return "Assigned to nobody" if value == filters.NOBODY else f"Assigned to {named}"
    if name in ("board", "tag", "segment"):
        plural = {"board": "boards", "tag": "tags", "segment": "segments"}[name]
        return f"{name.capitalize()}: {next((each.name for each in there[plural] if each.key == value), value)}"
    days = "1 day" if value == "1" else f"{value} days"
    return {
        "q": f"“{value}”", "plan": f"Voters on plan {value}", "company": f"Voters of company {value}",
        "author": f"By user {value}", "mrr_from": f"MRR from ${value}", "older": f"Older than {days}",
        "newer": f"Newer than {days}", "unanswered": "Unanswered",
    }[name]  # fmt: skip


def listed(req, post, known: dict[str, tags.Tag]) -> Listed:
    who = (post.assignee_name or post.assignee_email) if post.assignee_id else None
    was = f"{post.number}:{post.status_key}:{post.board_key}:{post.assignee_id or ''}"
    return Listed(row(req, post), was, [known[key] for key in post.tags if key in known], who, post.pinned, post.locked)


def snippet(req) -> str:
    return workspaces.snippet(req.context.workspace, req.context.config.base_url)
