"""/api/v1/files, and the files of a post."""

from service import shapes
from service.feedback import attachments, comments, posts
from service.web import cursors
from service.web.operations import Call, Created, operation


def present(call: Call, file: attachments.File) -> shapes.File:
    return shapes.file(file, call.config, call.workspace)


class Files:
    @operation("List files", query=shapes.Paged, answers=shapes.Files)
    def on_get(self, call):
        """The newest first; those of deleted posts are not among them."""
        found = attachments.of(call.reader, call.query.limit + 1, cursors.after(call.query.cursor, "files"))
        page, following = cursors.cut(found, call.query.limit, "files")
        return shapes.Files([present(call, file) for file in page], following)

    @operation("Send a file", query=shapes.FileName, answers=shapes.File, reads=True)
    def on_post(self, call):
        """PNG, JPEG, WebP, GIF, PDF, MP4 or plain text, at most 10 MB; its bytes say which. Name its id in `files` when
        you write a post or comment; a file that is part of nothing is deleted after a day."""
        made = attachments.put(call.reader, *call.body)
        return Created(f"/api/v1/files/{made.id}", present(call, made))


class File:
    @operation("One file", answers=shapes.File)
    def on_get(self, call, file):
        return present(call, attachments.find(call.reader, file))

    @operation("Delete a file")
    def on_delete(self, call, file):
        attachments.delete(call.reader, file)


class OfComment:
    @operation("The files of a comment", answers=shapes.Files)
    def on_get(self, call, comment):
        comments.find(call.reader, comment)
        return shapes.Files([present(call, file) for file in attachments.of_comment(call.reader, comment)])


class OfPost:
    @operation("The files of a post", answers=shapes.Files)
    def on_get(self, call, number):
        """Without those of its comments."""
        posts.find(call.reader, number)
        return shapes.Files([present(call, file) for file in attachments.of_post(call.reader, number)])
