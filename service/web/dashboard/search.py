"""Search everything, or jump to a page: what stands behind the box at the side, and behind Ctrl K."""

from typing import NamedTuple

import falcon

from service.feedback import lists, people, posts
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


@falcon.before(require_member)
class Search(Page):
    def show(self, req, resp):
        q = inputs.param(req, "q").strip()
        template = "app/_hits.html" if req.get_header(QUICK) else "app/search.html"
        render(req, resp, template, active="search", q=q, hits=hits(req, q))


def hits(req, q: str) -> list[Hit]:
    """Posts and users that the words find, and pages whose name begins with them; without words the pages."""
    if not q:
        return pages_named(req, "")
    return [*numbered(req, q), *wordy(req, q), *users_called(req, q), *pages_named(req, q)]


def numbered(req, q: str) -> list[Hit]:
    wanted = whole(q.removeprefix("#"))
    return [post_hit(req, post) for post in posts.these(req.context.reader, [wanted])] if wanted else []


def wordy(req, q: str) -> list[Hit]:
    found = lists.page(req.context.reader, sort="top", q=q, limit=MOST_POSTS, bounded=True)
    return [post_hit(req, post) for post in found.posts]


def post_hit(req, post) -> Hit:
    return Hit(at(req, f"posts/{post.number}"), post.title, f"#{post.number} · {post.status_name}", post.number)


def users_called(req, q: str) -> list[Hit]:
    return [Hit(at(req, f"users/{pages.segment(user.external_id)}"), user.name or user.email or user.external_id, "User")
            for user in people.users(req.context.reader, MOST_USERS, q=q)]  # fmt: skip


def pages_named(req, q: str) -> list[Hit]:
    wanted = q.casefold()
    there = [Hit(at(req, path), name, "Page") for name, path in PLACES
             if any(word.startswith(wanted) for word in (name.casefold(), *name.casefold().split()))]  # fmt: skip
    return there if not q else there[:MOST_PLACES]
