"""The first answer to an opened widget, whole in one request; and a fresh ticket when the stream must be opened again."""

import falcon

from service.feedback import boards, guide, identity_secrets, statuses
from service.lib import tokens
from service.web import shapes
from service.web.forms import is_ours
from service.web.guards import identify_user, user_token
from service.web.tickets import stream_url
from service.web.widget import calls
from service.web.widget.posts import page_of


class Opening:
    @falcon.before(identify_user, shape=calls.List)
    def on_post(self, req, resp):
        workspace, user, config = req.context.workspace, req.context.user, req.context.config
        if workspace.loaded_at is None and not is_ours(req):
            guide.record_load(workspace, req.get_header("Origin"))
        identified = user is not None and user.kind == "identified"
        shapes.answer(resp, calls.Opening(
            stream_url=stream_url(req, public=True),  # first: what happens from here on is heard
            workspace=calls.Place(workspace.name, f"{config.base_url}/b/{workspace.slug}"),
            boards=[calls.Key(board.key, board.name) for board in boards.of(req.context.reader)],
            statuses=[shapes.ColoredStatus(*status[1:]) for status in statuses.of(workspace.id)],
            user=calls.who(user),
            posts=page_of(req),
            session=user_token("session", workspace, user) if identified else None,
        ))  # fmt: skip


class Ticket:
    @falcon.before(identify_user, shape=calls.Call)
    def on_post(self, req, resp):
        shapes.answer(resp, calls.Stream(stream_url(req, public=True)))


class Session:
    """The customer's user token, traded for a session of ours."""

    @falcon.before(identify_user, shape=calls.Trade)
    def on_post(self, req, resp):
        workspace = req.context.workspace
        user = identity_secrets.trade(workspace, req.context.call.user_token)
        session = user_token("session", workspace, user)
        shapes.answer(resp, calls.Session(session, calls.who(user), tokens.LIFETIME["session"]))
