"""A browser without a screen: it keeps cookies, opens pages, and sends their forms as people do."""

import re
from html import unescape
from urllib.parse import urlencode

from service import db
from service.feedback import sign_in

FORM = "application/x-www-form-urlencoded"
CSRF = re.compile(r'name="csrf" value="([^"]+)"')
NEWEST_LINK = "SELECT id FROM sign_in_link ORDER BY id DESC LIMIT 1"


class Browser:
    """One person's browser. `page` is the page it shows."""

    def __init__(self, client):
        self.client, self.cookies, self.page = client, {}, None

    def open(self, path: str, headers: dict = (), **more):
        """Follow a link of one of our pages, as a browser of today says."""
        known = {**self.headers(), "Sec-Fetch-Site": "same-origin", **dict(headers)}
        return self.keep(self.client.simulate_get(path, headers=known, **more))

    def send(self, path: str, headers: dict = (), **fields):
        """Send the form of the page that is shown, with these fields; it carries the page's token unless one is given."""
        found = CSRF.search(self.page.text) if self.page else None
        body = urlencode({"csrf": unescape(found[1]) if found else "", **fields}, doseq=True)
        known = {**self.headers(), "Content-Type": FORM, **dict(headers)}
        return self.keep(self.client.simulate_post(path, body=body, headers=known))

    def sign_in(self, email: str):
        """By letter: asks for a link, reads it in the letter, opens it and presses the button."""
        self.open("/app/sign-in")
        self.send("/app/sign-in", email=email)
        secret = read_letter()
        self.open(f"/app/sign-in/{secret}")
        self.send(f"/app/sign-in/{secret}")
        return self

    def headers(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    def keep(self, page):
        for name, cookie in page.cookies.items():
            if not cookie.value:  # that is how we drop one
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = cookie.value
        self.page = page
        return page


def read_letter() -> str:
    """The secret of the link that was asked for last. It is made when the letter is written, as the worker does."""
    return sign_in.arm(db.row(NEWEST_LINK)[0])[1]
