"""Who is of the team: invited, made owner, admin or member, and taken out."""

from datetime import UTC, datetime, timedelta

from service.errors import NotFound
from service.feedback import invitations, team
from service.web.dashboard.settings import Setting
from service.web.inputs import whole
from service.web.page import Done

ROLES = {"owner": "Owner", "admin": "Admin", "member": "Member"}
A_ROLE = {"owner": "an owner", "admin": "an admin", "member": "a member"}


class Team(Setting):
    key = "team"
    delicate = frozenset(["role", "remove"])

    def is_delicate(self, req, deed):
        if deed == "invite":
            return req.context.form.get("role", "") != "member"  # who comes with power over the others
        return super().is_delicate(req, deed)

    def show(self, req, resp):
        may = ROLES if req.context.role == "owner" else {role: name for role, name in ROLES.items() if role != "owner"}
        self.render(req, resp, smtp=bool(req.context.config.smtp_url), members=team.of(req.context.reader), names=ROLES,
                    roles=list(may.items()),
                    is_owner=req.context.role == "owner", me=req.context.person.id, is_over=is_over)  # fmt: skip

    def invite(self, req):
        form = req.context.form
        member, is_new = team.invite(req.context.reader, form.get("email", ""), form.get("role", ""))
        return Done(told(member.email, is_new))

    def set_role(self, req):
        member = team.set_role(req.context.reader, person(req), req.context.form.get("role", ""))
        return Done(f"{member.name or member.email} is {ROLES[member.role].lower()} now.")

    def again(self, req):
        member = invitations.send_again(req.context.reader, person(req))
        return Done(f"{member.email} gets another letter. The link in the former one no longer works.")

    def remove(self, req):
        gone = team.find(req.context.reader, person(req))
        team.remove(req.context.reader, gone.id)
        if not gone.has_joined:
            return Done(f"The invitation of {gone.email} was withdrawn.")
        return Done(f"{gone.name or gone.email} is no longer in the team.",
                    to="/app" if gone.id == req.context.person.id else None)  # fmt: skip

    deeds = {"invite": invite, "role": set_role, "again": again, "remove": remove}


def told(email: str, is_new: bool) -> str:
    """What to say after an invitation."""
    return f"{email} gets a letter with the way in." if is_new else f"{email} is in the team already."


def is_over(member: team.Member) -> bool:
    """Whether the link that was sent to who was invited is too old."""
    return member.invited_at is not None and member.invited_at < datetime.now(UTC) - timedelta(days=invitations.DAYS)


def person(req) -> int:
    found = whole(req.context.form.get("person", ""))
    if found is None:
        raise NotFound("There is no such member.")
    return found
