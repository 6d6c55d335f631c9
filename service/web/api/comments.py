"""/api/v1/posts/{number}/comments and /comments/{comment}"""

from service import db, shapes
from service.feedback import comments
from service.web import cursors
from service.web.api.posts import acting
from service.web.operations import Created, operation


class Comments:
    @operation("What is said below a post", query=shapes.Paged, answers=shapes.Comments)
    def on_get(self, call, number):
        """The oldest first, internal notes among them. Of one that was deleted, its place is left while others answer it."""
        found = comments.page(call.reader, number, call.query.limit + 1, cursors.after(call.query.cursor, "comments"))
        page, following = cursors.cut(found, call.query.limit, "comments")
        return shapes.Comments([shapes.comment(comment) for comment in page], following)

    @operation("Comment on a post", takes=shapes.NewComment, answers=shapes.Comment)
    def on_post(self, call, number):
        """Its author follows the post from then on. What answers an internal note is internal too; a new official answer
        takes the place of an earlier one."""
        made = self.create(call, number, call.body)
        return Created(f"/api/v1/comments/{made}", shapes.comment(comments.find(call.reader, made)))

    @staticmethod
    @db.verb  # a refused comment leaves no new user behind
    def create(call, number, new: shapes.NewComment) -> int:
        return comments.create(acting(call, new.author), number, new.body, parent=new.parent, internal=new.internal,
                               official=new.official, files=new.files)  # fmt: skip


class Comment:
    @operation("One comment", answers=shapes.Comment)
    def on_get(self, call, comment):
        return shapes.comment(comments.find(call.reader, comment))

    @operation("Change a comment", takes=shapes.CommentChange, answers=shapes.Comment)
    def on_patch(self, call, comment):
        """What is left out stays. With a comment that becomes internal go the answers to it."""
        new = call.body
        comments.change(call.reader, comment, body=new.body, internal=new.internal, official=new.official)
        return shapes.comment(comments.find(call.reader, comment))

    @operation("Delete a comment")
    def on_delete(self, call, comment):
        comments.delete(call.reader, comment)
