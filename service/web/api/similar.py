"""/api/v1/similar"""

import falcon

from service.errors import Invalid
from service.feedback import similar
from service.web import inputs, shapes
from service.web.guards import api_key


@falcon.before(api_key)
class Similar:
    def on_get(self, req, resp):
        text, context = inputs.param(req, "text"), req.context
        if not text.strip():
            raise Invalid(text="Give the text to compare with, e.g. ?text=dark+mode")
        hits = similar.find(context.reader, text, limit=inputs.whole(req, "limit", similar.DEFAULT_HITS, similar.MOST_HITS))
        data = [shapes.similar_hit(hit, context.config, context.workspace) for hit in hits]
        shapes.answer(resp, shapes.SimilarHits(data))
