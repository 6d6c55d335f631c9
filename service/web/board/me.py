"""A user's own page: what they wrote, voted for and follow, what they are told, their data, and the ways out."""

import falcon

from service import shapes
from service.errors import Forbidden, Invalid, Why
from service.feedback import blocking, guests, kept, limits, mailings, mine, privacy, remains, user_links
from service.feedback.users import User
from service.web import cursors, inputs
from service.web.board.sign_in import absolute
from service.web.board.visiting import Page, forget, render, visit
from service.web.page import Done
from service.web.pages import query

LISTS = tuple(mine.PAGES)
SHOWN = (*LISTS, "letters")
PAGE = 20


@falcon.before(visit)
class Me(Page):
    def on_get(self, req, resp):
        known(req)
        self.show(req, resp)

    def on_post(self, req, resp):
        known(req)
        super().on_post(req, resp)

    def show(self, req, resp):
        what = inputs.param(req, "show")
        what = what if what in SHOWN else SHOWN[0]
        posts, following = [], None
        if what in LISTS:
            found = mine.page(req.context.reader, what, PAGE + 1, cursors.after(inputs.param(req, "cursor"), what))
            posts, following = cursors.cut(found, PAGE, what, lambda post: post.number)
        render(
            req, resp, "board/me.html", here="me", is_private=True, what=what, posts=posts,
            mailing=mailing(req) if what == "letters" else None,
            stays=remains.of(req.context.reader) if what == "letters" else None, kinds=mailings.KINDS,
            next_url=following and query(show=what, cursor=following),
        )  # fmt: skip

    def answer(self, req, resp, done, place):
        if req.context.get("is_signing_out"):
            forget(req, resp)
            resp.set_header("Clear-Site-Data", '"cache"')
        super().answer(req, resp, done, place)

    def rename(self, req):
        name = guests.rename(req.context.reader, req.context.form.get("name", ""))
        req.context.user = req.context.user._replace(name=name)
        return Done(req.context.words.nameSaved)

    def choose(self, req):
        """News are for who has shown that the address is theirs: a guest has, of others the product says it."""
        words, user, workspace = req.context.words, req.context.user, req.context.workspace
        kinds = req.context.form.every("kind")
        if not user.email:
            return Done()
        is_open = mailings.NEWS in kinds and user.kind != "guest" and not mailing(req).is_subscribed
        if is_open:
            kinds = [kind for kind in kinds if kind != mailings.NEWS]
            user_links.ask_to_subscribe(workspace, user.email, locale=words.tag, home=absolute(req),
                                        network=limits.network(req.remote_addr))  # fmt: skip
        mailings.choose(workspace, user.email, kinds, words.tag)
        return Done(words.say("subscribeSent", user.email) if is_open else words.lettersSaved)

    def sign_out(self, req):
        if req.context.form.get("everywhere"):
            blocking.sign_out(req.context.reader, req.context.user.external_id)
        req.context.is_signing_out = True
        return Done(req.context.words.signedOut, to=req.context.home or "/")

    def erase(self, req):
        if not req.context.form.get("sure"):
            raise Invalid(sure=Why("Tick this box first.", "not_ticked"))
        privacy.erase(req.context.reader, req.context.user.external_id)
        req.context.is_signing_out = True
        return Done(to=f"{req.context.home}/me/erased")

    deeds = {"name": rename, "letters": choose, "sign_out": sign_out, "erase": erase}


def known(req) -> User:
    """Whose page this is; who is nobody yet is sent to sign in."""
    user = req.context.user
    if user is None:
        shown = req.params.get("show")
        place = "/me" + (f"?show={shown}" if shown in SHOWN else "")
        raise falcon.HTTPSeeOther(f"{req.context.home}/sign-in{query(to=place)}")
    if user.is_blocked:
        raise Forbidden("The team has blocked you here.", "blocked")
    return user


def mailing(req) -> mailings.Mailing:
    return mailings.of(req.context.workspace.id, req.context.user.email or "")


@falcon.before(visit)
class Export:
    """Everything that is kept about the visitor, as a file."""

    def on_get(self, req, resp):
        user, workspace = known(req), req.context.workspace
        limits.export(workspace.id, user.id)
        shapes.answer(resp, shapes.user_export(kept.own(workspace, user.external_id)))
        resp.downloadable_as = f"{workspace.slug}.json"
        resp.cache_control = ["no-store"]


@falcon.before(visit)
class Erased:
    """What somebody who was erased sees last."""

    def on_get(self, req, resp):
        render(req, resp, "board/erased.html", is_private=True)
