"""Who is of the team: invited, made owner, admin or member, and taken out."""

from service.errors import NotFound
from service.feedback import team
from service.web.dashboard.page import at
from service.web.dashboard.settings import Setting
from service.web.inputs import whole
from service.web.page import Done

ROLES = {"owner": "Owner", "admin": "Admin", "member": "Member"}


class Team(Setting):
    key = "team"
    harmless = frozenset(["rename"])

    def show(self, req, resp):
        may = ROLES if req.context.role == "owner" else {role: name for role, name in ROLES.items() if role != "owner"}
        self.render(req, resp, smtp=bool(req.context.config.smtp_url), members=team.of(req.context.reader), names=ROLES,
                    roles=list(may.items()),
                    is_owner=req.context.role == "owner", me=req.context.person.id,
                    longest_name=team.LONGEST_NAME)  # fmt: skip

    def rename(self, req):
        team.rename(req.context.reader, req.context.form.get("name", ""))
        return Done("Your name was saved.", to=at(req, "settings/team"))

    def invite(self, req):
        form = req.context.form
        member, is_new = team.invite(req.context.reader, form.get("email", ""), form.get("role", ""))
        return Done(told(member.email, is_new))

    def set_role(self, req):
        member = team.set_role(req.context.reader, person(req), req.context.form.get("role", ""))
        return Done(f"{member.name or member.email} is {ROLES[member.role].lower()} now.")

    def remove(self, req):
        gone = team.find(req.context.reader, person(req))
        team.remove(req.context.reader, gone.id)
        return Done(f"{gone.name or gone.email} is no longer in the team.",
                    to="/app" if gone.id == req.context.person.id else None)  # fmt: skip

    deeds = {"rename": rename, "invite": invite, "role": set_role, "remove": remove}


def told(email: str, is_new: bool) -> str:
    """What to say after an invitation."""
    return f"{email} gets a letter with the way in." if is_new else f"{email} is in the team already."


def person(req) -> int:
    found = whole(req.context.form.get("person", ""))
    if found is None:
        raise NotFound("There is no such member.")
    return found
