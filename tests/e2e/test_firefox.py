"""The other engine that Debian has: the whole way once, in Firefox, on the page with the strictest policy."""

import firefox
from installation import until

WISH = "A wish from a fox"
ESCAPE = "\ue00c"
TITLE = ('input', "What is on your mind?")
VOTE = ("button", "Vote for “Recurring invoices”")
FOCUSED = """
let found = document.activeElement;
while (found.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
return found.value || found.textContent;
"""


def test_in_firefox_somebody_opens_types_sends_votes_and_closes(site):
    with firefox.running() as browser:
        browser.goto(site.url)
        browser.click("button", "Feedback")
        browser.find(*TITLE)
        browser.type(WISH)
        assert browser.run(FOCUSED) == WISH
        browser.click("button", "Send")
        browser.find("h3", WISH)

        browser.click("[role=tab]", "Posts")
        browser.click(*VOTE)
        until(lambda: browser.run("return arguments[0].getAttribute('aria-pressed')", browser.find(*VOTE)) == "true")
        browser.find("[role=status]", "Your vote is counted.")

        browser.type(ESCAPE)
        until(lambda: not browser.is_shown("[role=tab]", "Posts"))
        assert "Feedback" in browser.run(FOCUSED)
        assert browser.errors(site.base) == []
        assert browser.errors(site.url) == []
