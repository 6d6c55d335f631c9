"""What is the member's own, in all their workspaces: what they are called, their address, and where they are signed in; and
the way out of this one's team."""

from service.feedback import account, team
from service.web.dashboard.page import at
from service.web.dashboard.proof import language
from service.web.dashboard.settings import Setting
from service.web.inputs import whole
from service.web.page import Done


class Account(Setting):
    key = "account"
    harmless = frozenset(["rename", "address", "end", "end_others", "leave"])
    delicate = frozenset(["address", "leave"])

    def show(self, req, resp):
        session = req.context.session
        self.render(req, resp, here=session.id, places=account.places(session), longest_name=team.LONGEST_NAME,
                    smtp=bool(req.context.config.smtp_url))  # fmt: skip

    def rename(self, req):
        team.rename(req.context.reader, req.context.form.get("name", ""))
        return Done("Your name was saved.", to=at(req, "settings/account"))

    def address(self, req):
        email = account.ask_to_move(req.context.session, req.context.form.get("email", ""), language(req))
        return Done(f"{email} gets a letter with a link. Your address changes when you open it here, within an hour.")

    def end(self, req):
        session, id = req.context.session, whole(req.context.form.get("session", "")) or 0
        ended = account.end(session, id)
        return Done("You are signed out there." if ended else "You were signed out there before.",
                    to="/app/sign-in" if id == session.id else None)  # fmt: skip

    def end_others(self, req):
        account.end_others(req.context.session)
        return Done("You are signed in nowhere else.")

    def leave(self, req):
        reader = req.context.reader
        team.remove(reader, reader.person)
        return Done(f"You are no longer in the team of {reader.workspace.name}.", to="/app/")

    deeds = {"rename": rename, "address": address, "end": end, "end_others": end_others, "leave": leave}
