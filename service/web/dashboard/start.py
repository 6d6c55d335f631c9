"""The first hour: what a new team does until it hears its users, each step ticked by what has happened, not by a click."""

import falcon

from service.feedback import guide, team, workspaces
from service.web.dashboard.page import Page, at, render
from service.web.dashboard.settings.team import told
from service.web.guards import require_admin, require_member
from service.web.page import Done


@falcon.before(require_member)
class Start(Page):
    def show(self, req, resp):
        workspace, config = req.context.workspace, req.context.config
        steps = guide.steps(req.context.reader)
        render(
            req, resp, "app/start.html", active="start", steps={step.key: step for step in steps},
            done=sum(step.done for step in steps), next_step=next((step.key for step in steps if not step.done), None),
            snippet=workspaces.snippet(workspace, config.base_url), base_url=config.base_url,
        )  # fmt: skip

    def invite(self, req):
        require_admin(req)
        member, is_new = team.invite(req.context.reader, req.context.form.get("email", ""))
        return Done(told(member.email, is_new))

    def dismiss(self, req):
        require_admin(req)
        guide.dismiss(req.context.reader)
        return Done("The first steps are put away. Everything in them is in the settings too.", to=at(req, "inbox"))

    deeds = {"invite": invite, "dismiss": dismiss}
