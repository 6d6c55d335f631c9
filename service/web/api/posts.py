"""/api/v1/posts: writing, reading, changing and deleting them, and where they stand."""

from service import db, shapes
from service.errors import Invalid
from service.feedback import edits, lists, merges, planning, posts, similar, tags, users
from service.feedback.readers import Reader
from service.web.operations import Call, Created, operation


def acting(call: Call, external_id: str | None = None) -> Reader:
    """The reader as whom the key acts: this user, made when they are new, or its creator. To be called in a verb."""
    if external_id is not None:
        users.own_voice(external_id, call.person.id, "author")
        user = users.by_external_id(call.workspace, external_id).id
    else:
        user = call.reader.user or users.of_member(call.workspace, call.person).id
    return call.reader._replace(user=user)


def present(call: Call, number: int) -> shapes.Post:
    post = posts.find(call.reader, number)
    call.resp.etag = edits.version(post)
    return shapes.post(post, call.config, call.workspace)


def seen(call: Call) -> str | None:
    """The version that a change was made for, from If-Match."""
    tags = call.req.if_match
    return None if not tags or "*" in tags else str(tags[0])


class Posts:
    @operation("List posts", query=shapes.PostFilter, answers=shapes.Posts)
    def on_get(self, call):
        page = lists.page(call.reader, **{name: getattr(call.query, name) for name in call.query.__struct_fields__})
        return shapes.Posts([shapes.post(post, call.config, call.workspace) for post in page.posts], page.next_cursor)

    @operation("Write a post", takes=shapes.NewPost, answers=shapes.Post)
    def on_post(self, call):
        number = self.create(call, call.body)
        return Created(f"/api/v1/posts/{number}", present(call, number))

    @staticmethod
    @db.verb  # a refused post leaves no new user behind
    def create(call, new: shapes.NewPost) -> int:
        return posts.create(acting(call, new.author), new.title, new.body, board=new.board, status=new.status, meta=new.meta,
                            values=new.fields, tagged=new.tags, files=new.files)  # fmt: skip


class Post:
    @operation("One post", answers=shapes.Post)
    def on_get(self, call, number):
        return present(call, number)

    @operation("Change a post", takes=shapes.PostChange, answers=shapes.Post, versioned=True)
    def on_patch(self, call, number):
        """What is left out stays. An `If-Match` with the `ETag` of a read refuses the change (409) if the post moved on."""
        new = call.body
        edits.change(call.reader, number, title=new.title, body=new.body, board=new.board, values=new.fields,
                     pinned=new.pinned, locked=new.locked, seen=seen(call))  # fmt: skip
        return present(call, number)

    @operation("Delete a post")
    def on_delete(self, call, number):
        """It is out of sight at once, and gone for good after 30 days; so are the posts that were merged into it."""
        edits.delete(call.reader, number)


class Restoration:
    @operation("Bring a deleted post back", answers=shapes.Post, statuses=(200,))
    def on_post(self, call, number):
        edits.restore(call.reader, number)
        return present(call, number)


class Revisions:
    @operation("What a post said before it was edited", answers=shapes.Revisions)
    def on_get(self, call, number):
        return shapes.Revisions([shapes.revision(each) for each in edits.revisions(call.reader, number)])


class Status:
    @operation("Move a post to a status", takes=shapes.NewStatusOfPost, answers=shapes.Post)
    def on_put(self, call, number):
        """Followers get a letter, with the note, unless `notify` is false."""
        planning.set_status(call.reader, number, call.body.status, call.body.note, notify=call.body.notify)
        return present(call, number)


class Merge:
    @operation("Merge a post into another", takes=shapes.Merge, answers=shapes.Post)
    def on_put(self, call, number):
        """Its votes and followers count there, each user once; its comments move there. It can be taken back exactly."""
        merges.merge(call.reader, number, call.body.into)
        return present(call, number)

    @operation("Take a merge back")
    def on_delete(self, call, number):
        merges.unmerge(call.reader, number)


class Assignee:
    @operation("Assign it to a member", takes=shapes.NewAssignee, answers=shapes.Post)
    def on_put(self, call, number):
        planning.assign(call.reader, number, call.body.member)
        return present(call, number)

    @operation("Assign it to nobody")
    def on_delete(self, call, number):
        planning.assign(call.reader, number, None)


class Eta:
    @operation("Say when it will be done", takes=shapes.Eta, answers=shapes.Post)
    def on_put(self, call, number):
        planning.set_eta(call.reader, number, call.body.eta)
        return present(call, number)

    @operation("Say that nobody knows when")
    def on_delete(self, call, number):
        planning.set_eta(call.reader, number, None)


class Tag:
    @operation("Tag a post")
    def on_put(self, call, number, tag):
        tags.tag(call.reader, number, tag)

    @operation("Take a tag off a post")
    def on_delete(self, call, number, tag):
        tags.untag(call.reader, number, tag)


class Similar:
    @operation("Posts like a text", query=shapes.SimilarText, answers=shapes.SimilarHits)
    def on_get(self, call):
        if not call.query.text.strip():
            raise Invalid(text="Give the text to compare with, e.g. ?text=dark+mode")
        return hits(call, similar.find(call.reader, call.query.text, limit=call.query.limit))


class SimilarToPost:
    @operation("Posts like this one", query=shapes.Similar, answers=shapes.SimilarHits)
    def on_get(self, call, number):
        post = posts.find(call.reader, number)
        return hits(call, similar.beside(call.reader, post, limit=call.query.limit))


def hits(call: Call, found: list[similar.Hit]) -> shapes.SimilarHits:
    return shapes.SimilarHits([shapes.similar_hit(hit, call.config, call.workspace) for hit in found])
