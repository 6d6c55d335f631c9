"""The changelog: what shipped, entry by entry, and what people think of it."""

import falcon

from service import db, shapes
from service.errors import NotFound
from service.feedback import attachments, changelog, news
from service.web import cursors, inputs, pictures
from service.web.board import subscribing
from service.web.board.visiting import Page, act, render, visit
from service.web.inputs import whole
from service.web.pages import query

PAGE = 10
NAME = "changelog"  # of the list, in its cursors
KEPT = "public, max-age=3600"  # where a picture is: that address holds for a day


@db.verb
def react(_page, req, **_place) -> None:
    changelog.react(act(req), number(req), req.context.form.get("kind", ""))


@db.verb
def unreact(_page, req, **_place) -> None:
    """Who is nobody yet has nothing to take back."""
    if req.context.user:
        changelog.unreact(act(req), number(req), req.context.form.get("kind", ""))


def number(req) -> int:
    """The entry that a form is about; 0, which none has, when it names none."""
    return whole(req.context.form.get("entry", "")) or 0


@falcon.before(visit)
class Changelog(Page):
    def show(self, req, resp):
        category, cursor = (inputs.param(req, name) for name in ("category", "cursor"))
        found = news.look(req.context.reader, PAGE + 1, cursors.place_after(cursor, NAME, 2), category or None,
                          marks=is_looked_at(req))  # fmt: skip
        items, following = cursors.cut(found.items, PAGE, NAME, lambda item: item.place)
        render(
            req, resp, "board/changelog.html", here="changelog", canonical="/changelog", items=items, cursor=cursor,
            bodies={item.id: pictures.body(req.context.workspace, item) for item in items}, category=category,
            categories=found.categories, next_url=following and query(category=category, cursor=following),
            subscribed=subscribing.is_subscribed(req),
        )  # fmt: skip

    deeds = {"react": react, "unreact": unreact, "subscribe": subscribing.subscribe}


def is_looked_at(req) -> bool:
    """Whether somebody sees the page that is asked for now: not one that a script reads for its parts, nor one that a
    browser keeps in case it is wanted."""
    is_for_a_script = req.get_header("Sec-Fetch-Dest") == "empty" or bool(req.get_header("Sec-Purpose"))
    return req.method == "GET" and not is_for_a_script


@falcon.before(visit)
class Entry(Page):
    def show(self, req, resp, entry):
        found = news.find(req.context.reader, entry)
        shown = first_picture(found.item)
        render(
            req, resp, "board/entry.html", here="changelog", canonical=f"/changelog/{entry}", item=found.item,
            body=pictures.body(req.context.workspace, found.item), newer=found.newer, older=found.older,
            picture=shown and pictures.lasting_address(found.item, shown, req.context.page["address"]),
            subscribed=subscribing.is_subscribed(req),
        )  # fmt: skip

    deeds = {"react": react, "unreact": unreact, "subscribe": subscribing.subscribe}


def first_picture(item: news.Item) -> int | None:
    """The first picture of an entry, which stands for it elsewhere."""
    return next(iter(file.id for file in item.pictures), None)


@falcon.before(visit)
class Picture:
    """An address of a picture that holds as long as its entry is published: for feeds, and for who shows links to it."""

    def on_get(self, req, resp, entry, file):
        found = attachments.find(req.context.reader, file)
        if found.entry != entry or found.state != "ready" or not found.is_picture:
            raise NotFound("There is no such picture.")
        resp.status, resp.location = 302, shapes.file_path(req.context.workspace.id, file, "o")
        resp.cache_control = [KEPT]
