"""A file for one's own post, through the widget: a form, because only that tells a browser how far the upload is."""

import falcon

from service import shapes
from service.feedback import edits, limits
from service.web import uploads
from service.web.guards import identify_user
from service.web.widget import calls, shown

# A browser asks whether it may send a form whose progress is watched. The answer opens nothing: who sends needs a key and a
# token, and whether their page may is decided when they do.
PREFLIGHT = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Max-Age": "600",
    "Vary": "Origin",
}


class Files:
    @falcon.before(identify_user, shape=calls.Call, deed=limits.WIDGET_FILES, read=uploads.read_call)
    def on_post(self, req, resp, number):
        file = edits.add_file(req.context.reader, number, *req.context.upload, limits.network(req.remote_addr))
        shapes.answer(resp, shown.OneFile(shown.file(req, file)), 201)

    def on_options(self, req, resp, number):  # noqa: ARG002
        resp.status = falcon.HTTP_204
        resp.set_headers({**PREFLIGHT, "Access-Control-Allow-Origin": req.get_header("Origin") or "*"})
