"""/api/v1/users: what we know of them, all of it, or nothing any more."""

from urllib.parse import quote

from service import shapes
from service.feedback import data_links, kept, privacy, users
from service.web import cursors
from service.web.operations import Created, operation


class Users:
    @operation("List users", query=shapes.UserFilter, answers=shapes.Users)
    def on_get(self, call):
        query = call.query
        found = users.page(call.workspace, query.limit + 1, cursors.after(query.cursor, "users"), q=query.q,
                           company=query.company, segment=query.segment)  # fmt: skip
        page, following = cursors.cut(found, query.limit, "users")
        return shapes.Users([shapes.user(profile) for profile in page], following)


class User:
    @operation("One user", answers=shapes.User)
    def on_get(self, call, user):
        return shapes.user(users.profile(call.workspace, user))

    @operation("Tell what you know of a user", takes=shapes.UserFacts, answers=shapes.User, statuses=(200, 201))
    def on_put(self, call, user):
        """The user is made (201) when they are new; what is left out stays as it is, null empties. Their token may say the
        same."""
        is_new = users.put(call.reader, user, **shapes.told(call.body))
        shape = shapes.user(users.profile(call.workspace, user))
        return Created(f"/api/v1/users/{quote(user, safe='')}", shape) if is_new else shape

    @operation("Erase a user", scope="admin")
    def on_delete(self, call, user):
        """Their follows, files and letters go, their comments lose their text. Their posts stay without their author, and
        their votes go, unless your settings say otherwise (Settings → Privacy). It cannot be taken back."""
        privacy.erase(call.reader, user)


class Export:
    @operation("Everything that is kept about a user", answers=shapes.UserExport, scope="admin")
    def on_get(self, call, user):
        return shapes.user_export(kept.export(call.workspace, user))


class Erasure:
    @operation("Erase a user, as DELETE does", scope="admin")
    def on_post(self, call, user):
        privacy.erase(call.reader, user)


class DataLink:
    @operation("A link to a user's own data", answers=shapes.DataLink, scope="admin", statuses=(200,))
    def on_post(self, call, user):
        """Give it to that user and nobody else: without signing in they see there what is kept about them, and can erase it.
        It works for seven days, until they are erased or signed out everywhere. Each call makes another; the former ones
        hold, too."""
        return shapes.DataLink(*data_links.make(call.reader, user, call.config.base_url))
