"""The changelog as the team writes it: the list of entries, and the editor of one."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

import falcon

from service.errors import Invalid
from service.feedback import changelog, lists, posts, releases, statuses, versions
from service.web import cursors, inputs, pages, pictures
from service.web.dashboard.page import Page, at, render
from service.web.dashboard.post_forms import field
from service.web.guards import require_member
from service.web.inputs import whole
from service.web.page import Done, Form

PAGE = 30  # entries
MOST_FOUND = 8  # posts of a search
STATES = ("draft", "scheduled", "published")
NUMBERS = re.compile(r"#?\d{1,9}(?:[\s,;]+#?\d{1,9})*", re.ASCII)


@falcon.before(require_member)
class Changelog(Page):
    def show(self, req, resp):
        state = inputs.param(req, "state")
        state = state if state in STATES else ""
        after = cursors.place_after(inputs.param(req, "cursor"), "changelog", 2)
        found = changelog.page(req.context.reader, PAGE + 1, after, state or None)
        page, following = cursors.cut(found, PAGE, "changelog", lambda entry: entry.place)
        render(
            req, resp, "app/changelog.html", active="changelog", entries=page, state=state, is_first=after is None,
            next_url=following and pages.query(state=state, cursor=following), moment=moment,
        )  # fmt: skip


class Draft(NamedTuple):
    """What stands in the editor: an entry as it is, or as it was typed."""

    title: str = ""
    body: str = ""
    categories: str = ""  # with commas between them
    posts: tuple[int, ...] = ()
    at: str = ""  # when it is to be published, in UTC, as the field of a browser has it
    q: str = ""  # what posts are searched by
    status: str = ""  # that the posts are to have
    seen: str = ""  # the version that all this was made of


@falcon.before(require_member)
class Entry(Page):
    """The editor, of a new entry when there is no number in the address."""

    def show(self, req, resp, entry=None):
        reader, known = req.context.reader, entry and changelog.find(req.context.reader, entry)
        sent, draft = current(req, known)
        linked = posts.these(reader, list(draft.posts)[: changelog.MOST_POSTS])
        render(
            req, resp, "app/entry.html", active="changelog", entry=known, draft=draft, f=sent, linked=linked,
            moment=moment, found=found(reader, draft), telling=telling,
            preview=pictures.preview(reader, draft.body[: changelog.LONGEST_BODY], entry),
            audience=releases.audience(reader, [post.number for post in linked]), categories=changelog.categories(reader),
            statuses=[("", "Leave them as they are"), *finished(reader)],
        )  # fmt: skip

    def save(self, req, entry=None):
        made = releases.write(req.context.reader, entry, **written(req), seen=seen(req, entry))
        return Done("Saved." if entry else "Saved as a draft.", to=None if entry else address(req, made))

    def schedule(self, req, entry=None):
        when = coming(req.context.form.get("at", ""))
        with field(published_at="at"):
            made = releases.write(req.context.reader, entry, **written(req), published_at=when, seen=seen(req, entry))
        return Done(f"It will be published on {moment(made.published_at)}.", to=None if entry else address(req, made))

    def publish(self, req, entry=None):
        before = changelog.find(req.context.reader, entry) if entry else None
        made = releases.publish(req.context.reader, entry, **written(req), seen=seen(req, entry),
                                status=req.context.form.get("status", ""))  # fmt: skip
        told = "" if before and before.announced else telling(releases.audience(req.context.reader, made.posts))
        return Done(f"“{made.title}” is published.{told}", to=None if entry else address(req, made))

    def withdraw(self, req, entry=None):
        releases.write(req.context.reader, entry, **written(req), published_at=None, seen=seen(req, entry))
        return Done("It is a draft again: users do not see it.")

    def preview(self, _req, entry=None):  # noqa: ARG002 (a deed takes the place of its page)
        return Done(show={})

    def delete(self, req, entry=None):
        if entry:
            changelog.delete(req.context.reader, entry)
        return Done("The entry was deleted.", to=at(req, "changelog"))

    deeds = {"save": save, "schedule": schedule, "publish": publish, "withdraw": withdraw, "preview": preview,
             "delete": delete}  # fmt: skip


# ── what is typed ───────────────────────────────────────────────────────────────────────────────────────────────────


def current(req, entry: changelog.Entry | None) -> tuple[Form, Draft]:
    """What became of the form that was just sent, and what stands in the editor now. Once it is clear to both that somebody
    else saved meanwhile, the next saving is meant for what they saved."""
    [sent] = list(req.context.page.get("sent", {}).values()) or [Form()]
    if "title" not in sent.values:
        return sent, stored(entry)
    draft = typed(sent.values)
    return sent, draft._replace(seen=versions.version(*entry.facts)) if entry and sent.message else draft


def stored(entry: changelog.Entry | None) -> Draft:
    if entry is None:
        return Draft()
    when = f"{entry.published_at.astimezone(UTC):%Y-%m-%dT%H:%M}" if entry.state == "scheduled" else ""
    return Draft(entry.title, entry.body, ", ".join(entry.categories), tuple(entry.posts), when,
                 seen=versions.version(*entry.facts))  # fmt: skip


def typed(form) -> Draft:
    said = {name: form.get(name, "") for name in ("title", "body", "categories", "at", "q", "status", "seen")}
    said["body"] = said["body"].replace("\r\n", "\n")
    return Draft(**said, posts=tuple(ticked(form)))


def ticked(form) -> list[int]:
    return list(dict.fromkeys(filter(None, map(whole, form.every("posts")))))


def written(req) -> dict:
    """Title, body, categories and posts of a form, as the verbs want them."""
    draft = typed(req.context.form)
    named = [each.strip() for each in draft.categories.split(",") if each.strip()]
    return {"title": draft.title, "body": draft.body, "categories": named, "posts": list(draft.posts)}


def seen(req, entry: int | None) -> str | None:
    return req.context.form.get("seen", "") if entry else None


def coming(value: str) -> datetime:
    """A moment to come, as a browser sends it, in UTC. Invalid when it is none."""
    try:
        when = datetime.fromisoformat(value.strip())
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(at="Choose the day and the time at which it is to be published.") from None
    if when <= datetime.now(UTC):
        raise Invalid(at="This moment is over. Choose one that is to come, or publish now.")
    return when


# ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────────


def found(reader, draft: Draft) -> list[posts.Post]:
    """The posts that are searched by their numbers or by words, without those that are linked."""
    if not draft.q.strip():
        return []
    if NUMBERS.fullmatch(draft.q.strip()):
        wanted = [int(each) for each in re.findall(r"\d+", draft.q)]
        there = posts.these(reader, wanted[:MOST_FOUND])
    else:
        there = lists.page(reader, q=draft.q, limit=MOST_FOUND, bounded=True).posts
    return [post for post in there if post.number not in draft.posts and not post.merged_into]


def finished(reader) -> list[tuple[str, str]]:
    """What posts can be set to when an entry about them is published: key and name."""
    return [(each.key, each.name) for each in statuses.of(reader.workspace.id) if each.kind == "done"]


def telling(audience: releases.Audience) -> str:
    if not audience.people:
        return ""
    letters = "1 person gets a letter" if audience.people == 1 else f"{audience.people:,} people get a letter"
    return f" {'At least ' if audience.is_more else ''}{letters} about it."


def moment(when: datetime) -> str:
    """12 Nov 2026, 10:00 UTC"""
    utc = when.astimezone(UTC)
    return f"{pages.date(utc)}, {utc:%H:%M} UTC"


def address(req, entry: changelog.Entry) -> str:
    return at(req, f"changelog/{entry.id}")
