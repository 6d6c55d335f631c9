from test_quick_forms import *
from pathlib import Path
OLD = {name: Path("/tmp/old", name).read_text() for name in ("page.js", "keys.js", "inbox.js")}
def give(route):
    name = route.request.url.split("/static/")[1].split("?")[0]
    if name in OLD:
        route.fulfill(body=OLD[name], content_type="text/javascript")
    else:
        route.continue_()
@pytest.fixture
def watched(watched):
    def watch(page):
        page.route("**/static/*.js*", give)
        return watched(page)
    return watch
