"""Everything that is in the workspace, as one file: asked for, watched, fetched. For owners and admins."""

import falcon

from service.errors import Invalid
from service.feedback import exports, members
from service.web import cursors, downloads
from service.web.dashboard import places, proof
from service.web.dashboard.settings import Setting
from service.web.guards import require_admin, require_member
from service.web.inputs import whole
from service.web.page import Done
from service.web.pages import query

PAGE = 20


class Export(Setting):
    key = "export"
    delicate = frozenset(["request"])

    def show(self, req, resp):
        require_admin(req)
        found = exports.of(req.context.reader, PAGE + 1, places.number_after(req, "exports"))
        page, following = cursors.cut(found, PAGE, "exports")
        self.render(
            req, resp, exports=[(each, members.named(each.person)) for each in page],
            is_under_way=any(each.is_under_way for each in page), days=exports.DOWNLOADS_KEPT.days,
            next_url=following and query(cursor=following),
        )  # fmt: skip

    def request(self, req):
        exports.request(req.context.reader)
        return Done("The export is under way. You get an e-mail when it is ready.")

    def stop(self, req):
        exports.stop(req.context.reader, chosen(req))
        return Done("The export was stopped.")

    def delete(self, req):
        exports.delete(req.context.reader, chosen(req))
        return Done("The file was deleted.")

    deeds = {"request": request, "stop": stop, "delete": delete}


@falcon.before(require_member)
class File:
    """The file itself."""

    def on_get(self, req, resp, export):
        require_admin(req)
        proof.require_for_a_file(req)
        workspace = req.context.workspace
        downloads.send(resp, *downloads.whole(workspace, exports.ready(req.context.reader, export)))


def chosen(req) -> int:
    named = whole(req.context.form.get("export", ""))
    if named is None:
        raise Invalid(export="Name an export of the list.")
    return named
