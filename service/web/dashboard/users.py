"""Users: who they are, what they did, and what can be done about them."""

import falcon
import msgspec

from service import shapes
from service.errors import Invalid
from service.feedback import blocking, data_links, doings, kept, people, privacy, remains, segments, suppressions, users
from service.web import cursors, inputs
from service.web.dashboard import places, proof
from service.web.dashboard.page import Page, at
from service.web.dashboard.people import KINDS, PAGE, show
from service.web.guards import require_admin, require_member
from service.web.page import Done
from service.web.pages import query
from service.web.rows import row

FILTERS = ("q", "kind", "segment", "company", "blocked")


@falcon.before(require_member)
class Users(Page):
    def show(self, req, resp):
        chosen = {name: inputs.param(req, name) for name in FILTERS}
        if chosen["kind"] and chosen["kind"] not in KINDS:
            raise Invalid(kind=f"Show one of: {', '.join(KINDS)}.")
        found = people.users(req.context.reader, PAGE + 1 if not chosen["q"] else people.MOST_FOUND,
                             places.after(req, "users"), **{**chosen, "blocked": bool(chosen["blocked"])})  # fmt: skip
        page, following = cursors.cut(found, people.MOST_FOUND if chosen["q"] else PAGE, "users",
                                      lambda user: places.of(user.place, user.id))  # fmt: skip
        names = [("", "All"), *((each.key, each.name) for each in segments.listed(req.context.reader))]
        show(req, resp, "app/users.html", "users", users=page, chosen=chosen, segments=names,
             next_url=following and query(**chosen, cursor=following))  # fmt: skip


@falcon.before(require_member)
class User(Page):
    delicate = frozenset(["erase", "link"])

    def show(self, req, resp, user):
        reader, what = req.context.reader, inputs.param(req, "show", "posts")
        if what not in doings.LISTS:
            raise Invalid(show=f"Show one of: {', '.join(doings.LISTS)}.")
        profile = users.profile(req.context.workspace, user)
        found = doings.of_user(reader, profile.id, what, PAGE + 1, places.number_after(req, what))
        page, following = cursors.cut(found, PAGE, what, lambda each: each[0])
        show(
            req, resp, "app/user.html", "users", user=profile, traits=msgspec.json.decode(profile.traits), what=what,
            done=page if what == "comments" else [row(req, post) for post in page], counts=doings.counts(reader, profile.id),
            segments={each.key for each in segments.listed(reader)}, lists=doings.LISTS,
            data_link=None, stays=remains.of(reader),
            suppressed=suppressions.reason_of(reader.workspace.id, profile.email or ""),
            next_url=following and query(show=what, cursor=following),
        )  # fmt: skip

    def block(self, req, user):
        require_admin(req)
        blocking.block(req.context.reader, user)
        return Done("This user is blocked: nothing more is taken from them.")

    def unblock(self, req, user):
        require_admin(req)
        blocking.unblock(req.context.reader, user)
        return Done("This user can write and vote again.")

    def sign_out(self, req, user):
        require_admin(req)
        blocking.sign_out(req.context.reader, user)
        return Done("This user is signed out everywhere.")

    def link(self, req, user):
        require_admin(req)
        return Done(show={"data_link": data_links.make(req.context.reader, user, req.context.config.base_url)})

    def erase(self, req, user):
        require_admin(req)
        if req.context.form.get("confirm", "").strip() != user:
            raise Invalid(confirm="This is not their id. Type it as it stands above.")
        privacy.erase(req.context.reader, user)
        return Done("The user was erased.", to=at(req, "users"))

    deeds = {"block": block, "unblock": unblock, "sign_out": sign_out, "link": link, "erase": erase}


@falcon.before(require_member)
class Export:
    """Everything that is kept about a user, as a file: what the API answers."""

    def on_get(self, req, resp, user):
        require_admin(req)
        proof.require_for_a_file(req)
        shapes.answer(resp, shapes.user_export(kept.export(req.context.workspace, user)))
        resp.downloadable_as = "user.json"
        resp.cache_control = ["no-store"]
