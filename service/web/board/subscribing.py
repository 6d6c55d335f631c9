"""Being told by letter of whatever is published: asking for it, and saying that the address is one's own."""

import falcon

from service.errors import Forbidden
from service.feedback import limits, mailings, user_links
from service.web.board.secret_link import SecretLink
from service.web.board.sign_in import absolute
from service.web.board.visiting import visit
from service.web.page import Done, here


def subscribe(_page, req, **_place) -> Done:
    """A deed of pages that show board/_subscribe.html. A guest has shown that their address is theirs; everyone else gets a
    letter that asks, and the same answer."""
    words, workspace, user = req.context.words, req.context.workspace, req.context.user
    if user and user.is_blocked:
        raise Forbidden("The team has blocked you here.", "blocked")
    if is_shown(user):
        mailings.subscribe(workspace, user.email, words.tag)
        return Done(words.subscribedNow)
    email = user_links.ask_to_subscribe(workspace, req.context.form.get("email", ""), locale=words.tag, home=absolute(req),
                                        network=limits.network(req.remote_addr))  # fmt: skip
    return Done(words.say("subscribeSent", email))


def is_subscribed(req) -> bool:
    """Whether the visitor is told already, for board/_subscribe.html; of who is not signed in that is not known."""
    user = req.context.user
    return is_shown(user) and mailings.of(req.context.workspace.id, user.email).is_subscribed


def is_shown(user) -> bool:
    """Whether they have shown that their address is theirs."""
    return bool(user and user.kind == "guest" and user.email)


@falcon.before(visit)
class Subscription(SecretLink):
    """Behind the link of the letter."""

    template = "board/subscription.html"

    def look(self, req, secret):
        email, is_used = user_links.look_at_subscription(req.context.workspace, secret)
        return {"email": email, "is_used": is_used}

    def act(self, req, _resp, secret):
        user_links.subscribe(req.context.workspace, secret)
        return here(req)
