"""/api/v1/changelog"""

import msgspec

from service import db, shapes
from service.feedback import changelog, users
from service.web import cursors
from service.web.api.posts import acting
from service.web.operations import Call, Created, operation


def present(call: Call, entry: changelog.Entry) -> shapes.Entry:
    return shapes.entry(entry, call.config, call.workspace)


class Entries:
    @operation("List changelog entries", query=shapes.EntryFilter, answers=shapes.Entries)
    def on_get(self, call):
        """Drafts first, then by the moment of publication, the newest first."""
        query = call.query
        after = cursors.place_after(query.cursor, "changelog", 2)
        found = changelog.page(call.reader, query.limit + 1, after, query.state)
        page, following = cursors.cut(found, query.limit, "changelog", lambda entry: entry.place)
        return shapes.Entries([present(call, entry) for entry in page], following)

    @operation("Write a changelog entry", takes=shapes.NewEntry, answers=shapes.Entry)
    def on_post(self, call):
        """Those who voted for its posts hear of it when it is published: once, however often it is changed."""
        new = call.body
        made = changelog.create(call.reader, new.title, new.body, categories=new.categories, posts=new.posts,
                                published_at=new.published_at)  # fmt: skip
        return Created(f"/api/v1/changelog/{made.id}", present(call, made))


class Entry:
    @operation("One changelog entry", answers=shapes.Entry)
    def on_get(self, call, entry):
        return present(call, changelog.find(call.reader, entry))

    @operation("Change a changelog entry", takes=shapes.EntryChange, answers=shapes.Entry)
    def on_patch(self, call, entry):
        """What is left out stays."""
        new = call.body
        when = ... if new.published_at is msgspec.UNSET else new.published_at
        return present(call, changelog.change(
            call.reader, entry, title=new.title, body=new.body, categories=new.categories, posts=new.posts, published_at=when
        ))  # fmt: skip

    @operation("Delete a changelog entry")
    def on_delete(self, call, entry):
        changelog.delete(call.reader, entry)


class Reaction:
    @operation("React to a changelog entry on behalf of a user")
    @db.verb  # a refused reaction leaves no new user behind
    def on_put(self, call, entry, kind, user):
        """`kind` is like, love, celebrate or confused. The user is made when they are new. Again, nothing happens."""
        changelog.react(acting(call, user), entry, kind)

    @operation("Take a user's reaction back")
    def on_delete(self, call, entry, kind, user):
        changelog.unreact(call.reader._replace(user=users.find(call.workspace, user).id), entry, kind)
