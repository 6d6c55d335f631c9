"""The first answer to an opened widget, whole in one request; a fresh ticket when the stream must be opened again; and who
somebody is."""

import falcon

from service import shapes
from service.errors import Unauthenticated
from service.feedback import front, guide, identity_secrets, joining, news, spam, workspaces
from service.feedback.readers import Reader
from service.lib import tokens
from service.web import sessions
from service.web.forms import is_ours
from service.web.guards import identify_user
from service.web.tickets import stream_url
from service.web.widget import calls
from service.web.widget.posts import page_of


class Opening:
    @falcon.before(identify_user, shape=calls.List)
    def on_post(self, req, resp):
        workspace, user = req.context.workspace, req.context.user
        origin = req.get_header("Origin")
        if origin and workspace.loaded_at is None and not is_ours(req):
            guide.record_load(workspace, origin)
        heard = stream_url(req)  # first: what happens from here on is heard
        found, language = front.look(req.context.reader), workspaces.language_tag(workspace)
        shapes.answer(resp, calls.Opening(
            workspace=calls.Place(workspace.name, workspaces.home(workspace, req.context.config.base_url), language),
            boards=[calls.Key(*board) for board in found.boards],
            fields=[calls.Field(*field[1:]) for field in found.fields],
            statuses=[shapes.ColoredStatus(*status[1:]) for status in found.statuses],
            ask_email=workspace.ask_email, edit_minutes=workspace.edit_minutes,
            user=calls.who(user), unread=found.unread, posts=page_of(req), stream_url=heard, form=spam.moment(workspace),
            session=sessions.renewed(req.context.call.session, user),
        ))  # fmt: skip


class Ticket:
    @falcon.before(identify_user, shape=calls.Call)
    def on_post(self, req, resp):
        shapes.answer(resp, calls.Stream(stream_url(req)))


class Session:
    """The customer's user token, traded for a session of ours; without one, who asks is told who they are to us."""

    @falcon.before(identify_user, shape=calls.Trade)
    def on_post(self, req, resp):
        workspace, call = req.context.workspace, req.context.call
        if call.user_token is None:
            return shapes.answer(resp, calls.Session(calls.who(req.context.user), news.unread(req.context.reader)))
        vouched = identity_secrets.trade(workspace, call.user_token)
        user = vouched.user
        join_past(workspace, call.anonymous, user)
        unread = news.unread(Reader(workspace, user.id))
        session = sessions.begin(workspace, vouched)
        return shapes.answer(resp, calls.Session(calls.who(user), unread, session, sessions.HOUR))


def join_past(workspace, token: str | None, user) -> None:
    """Have what this visitor did without an account be the user's, if their anonymous token holds."""
    try:
        signed = tokens.read("anonymous", token) if token else None
    except Unauthenticated:
        return
    if signed and signed["w"] == workspace.id:
        joining.join(workspace, user, anonymous=signed["u"], version=signed["v"])
