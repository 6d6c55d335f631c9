"""What visitors do to posts on more than one page: each is one transaction with the anonymous user that it may make."""

from service import db
from service.feedback import votes
from service.web.board.visiting import act
from service.web.inputs import whole


@db.verb
def vote(_page, req, **_place) -> None:
    votes.cast(act(req), number(req))


@db.verb
def unvote(_page, req, **_place) -> None:
    """Who is nobody yet has nothing to take back."""
    if req.context.user:
        votes.withdraw(act(req), number(req))


def number(req) -> int:
    """The post that a form is about; 0, which no post has, when it names none."""
    return whole(req.context.form.get("number", "")) or 0
