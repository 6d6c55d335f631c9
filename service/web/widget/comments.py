"""What is said below a post, through the widget: read, answered, changed by who said it."""

import falcon

from service import db, shapes
from service.feedback import attachments, comments, limits, posts
from service.web.guards import act, identify_user, signals
from service.web.widget import calls, shown

AT_ONCE = 100


class Comments:
    @falcon.before(identify_user, shape=calls.NewComment, deed=limits.WIDGET_COMMENTS)
    def on_post(self, req, resp, number):
        id, reader, anonymous = create(req, number)
        shapes.answer(resp, shown.OneComment(one(req, reader, id), anonymous), 201)


class After:
    @falcon.before(identify_user, shape=calls.After)
    def on_post(self, req, resp, number):
        posts.find(req.context.reader, number)
        shapes.answer(resp, comments_of(req, number, req.context.call.after))


class Edit:
    @falcon.before(identify_user, shape=calls.CommentEdit, deed=limits.WIDGET_EDITS)
    def on_post(self, req, resp, comment):
        reader = req.context.reader
        comments.change(reader, comment, body=req.context.call.body)
        shapes.answer(resp, shown.OneComment(one(req, reader, comment)))


class Delete:
    @falcon.before(identify_user, shape=calls.Call, deed=limits.WIDGET_EDITS)
    def on_post(self, req, resp, comment):
        comments.delete(req.context.reader, comment)
        shapes.answer(resp, shown.Deleted())


@db.verb  # one transaction with the anonymous user that it may make: refused, it leaves nobody behind
def create(req, number: int):
    call = req.context.call
    reader, anonymous = act(req, call.submission)
    made = comments.create(reader, number, call.body, parent=call.parent, submission=call.submission, signals=signals(req))
    return made, reader, anonymous


def comments_of(req, number: int, after: int = 0) -> shown.Comments:
    """A page of the comments below a post that the reader may see."""
    found, following = comments.part(req.context.reader, number, AT_ONCE, after)
    files = attachments.of_comments(req.context.reader, [each.id for each in found]) if found else {}
    return shown.Comments([shown.comment(req, each, files.get(each.id, ())) for each in found], following)


def one(req, reader, id: int) -> shown.Comment:
    return shown.comment(req, comments.find(reader, id), attachments.of_comment(reader, id))
