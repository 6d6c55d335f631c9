"""POST /app/{slug}/files: a file from the dashboard, raw or in a form, before it becomes part of a post or comment."""

import falcon
import msgspec

from service import shapes
from service.errors import Invalid, SaysoError
from service.feedback import attachments
from service.web import problems, uploads
from service.web.forms import CSRF_HEADER
from service.web.guards import require_member


class Sent(msgspec.Struct):
    """What our script needs to know of a file: its id goes into the form."""

    id: int
    name: str
    url: str | None


@falcon.before(require_member)
class Files:
    def on_post(self, req, resp):
        """The token of the page comes in a header, so that a browser sends nothing here that our script did not make."""
        if not req.get_header(CSRF_HEADER):
            raise Invalid(file="Files are sent by the page that they are for, with its script.")
        try:
            file = attachments.put(req.context.reader, *uploads.read(req))
        except SaysoError as error:  # said beside the field, by our script
            resp.status = problems.status_of(error)
            resp.media = {"message": str(error)}
            return
        made = shapes.file(file, req.context.config, req.context.workspace)
        resp.status, resp.media = falcon.HTTP_201, msgspec.to_builtins(Sent(made.id, made.name, made.url))
