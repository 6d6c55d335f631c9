"""Search everything, or jump to a page: what stands behind the box at the side, and behind Ctrl K."""

from typing import NamedTuple

import falcon

from service.feedback import lists, people, posts, similar, snippets, typed
from service.feedback.snippets import Snippet
from service.web import inputs, pages
from service.web.dashboard.page import Page, at, render
from service.web.guards import require_member
from service.web.inputs import whole
from service.web.page import QUICK

PLACES = (
    ("Inbox", "inbox"), ("New post", "posts/new"), ("Roadmap", "roadmap"), ("Changelog", "changelog"),
    ("New changelog entry", "changelog/new"), ("Users", "users"), ("Companies", "companies"), ("Segments", "segments"),
    ("Insights", "insights"), ("Moderation", "moderation"),
    ("Likely duplicates", "duplicates"), ("What the team did", "history"), ("Settings", "settings"),
    ("General settings", "settings/general"), ("Identity", "settings/identity"), ("Boards", "settings/boards"),
    ("Statuses", "settings/statuses"), ("Tags", "settings/tags"), ("Fields", "settings/fields"), ("Team", "settings/team"),
    ("API keys", "settings/keys"), ("Webhooks", "settings/webhooks"), ("First steps", "start"), ("System", "system"),
    ("Jobs", "system/jobs"), ("Letters", "outbox"),
)  # fmt: skip
MOST_POSTS, MOST_USERS, MOST_PLACES = 8, 4, 6


class Hit(NamedTuple):
    address: str
    name: str
    kind: str
    number: int | None = None  # of a post
    snippet: Snippet | None = None  # what the page shows of a post


@falcon.before(require_member)
class Search(Page):
    def show(self, req, resp):
        q, is_box = inputs.param(req, "q").strip(), bool(req.get_header(QUICK))
        found = hits(req, q, is_box)
        if not is_box:
            found = shown(req, q, found)
        render(req, resp, "app/_hits.html" if is_box else "app/search.html", active="search", q=q, hits=found)


def hits(req, q: str, closely: bool) -> list[Hit]:
    """Posts that are asked for, users that are called so, and pages whose name begins with this; without words the pages."""
    if not q:
        return pages_named(req, "")
    by_number = numbered(req, q)
    by_words = [hit for hit in wordy(req, q, closely) if hit.number not in {each.number for each in by_number}]
    return [*by_number, *by_words, *users_called(req, q), *pages_named(req, q)]


def numbered(req, q: str) -> list[Hit]:
    wanted = whole(q.removeprefix("#"))
    return [post_hit(req, post) for post in posts.these(req.context.reader, [wanted])] if wanted else []


def wordy(req, q: str, closely: bool) -> list[Hit]:
    reader = req.context.reader
    if typed.is_exact(q):
        return [post_hit(req, post) for post in lists.page(reader, q=q, limit=MOST_POSTS, bounded=True).posts]
    found = similar.find(reader, q, limit=MOST_POSTS, closely=closely)
    return [post_hit(req, hit.post, f"same {hit.why}") for hit in found]


def post_hit(req, post, *why: str) -> Hit:
    kind = " · ".join((f"#{post.number}", post.status_name, *why))
    return Hit(at(req, f"posts/{post.number}"), post.title, kind, post.number)


def shown(req, q: str, found: list[Hit]) -> list[Hit]:
    """The same with what the posts say of it."""
    said = snippets.of(req.context.reader, [hit.number for hit in found if hit.number], q)
    return [hit._replace(snippet=said.get(hit.number)) for hit in found]


def users_called(req, q: str) -> list[Hit]:
    return [Hit(at(req, f"users/{pages.segment(user.external_id)}"), user.name or user.email or user.external_id, "User")
            for user in people.users(req.context.reader, MOST_USERS, q=q)]  # fmt: skip


def pages_named(req, q: str) -> list[Hit]:
    wanted = q.casefold()
    there = [Hit(at(req, path), name, "Page") for name, path in PLACES
             if any(word.startswith(wanted) for word in (name.casefold(), *name.casefold().split()))]  # fmt: skip
    return there if not q else there[:MOST_PLACES]
