"""Every form of every page of the dashboard, found on the pages themselves: whatever is written into its fields, it is taken
or refused as a page that a person can read."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from browser import Browser
from cast import ADA
from dashboards import furnish, in_acme, of_the_team
from queued import work_off

from service import errors
from service.web import problems

FORM = "application/x-www-form-urlencoded"
RUBBISH = [b"", b"a%00b", b"\0", b"%ff%fe", b"%ED%A0%80", b"%zz", b"x" * 30_000, b"-1", b"9" * 25, b"1e999", b"%F0%9F%92%A9",
           b"0001-01-01", b"9999-12-31T23:59", b"%0d%0aA:%20b", b"%27%22%3Cscript%3E", b"%D9%A3", b"null"]  # fmt: skip
GOES_AWAY = {"delete", "erase", "remove", "discard", "sign-out"}  # deeds after which the page would not be there
FINE = (200, 303, 400, 403, 404, 409, 413, 422, 429)


class Forms(HTMLParser):
    """The POST forms of a page: (address, [(field, value)])."""

    def __init__(self, page: str):
        super().__init__()
        self.forms, self.form = [], None
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        said = dict(attributes)
        if tag == "form":
            self.form = (said.get("action"), []) if said.get("method") == "post" else None
            self.forms += [self.form] if self.form else []
        elif self.form and said.get("name") and tag in ("input", "select", "textarea", "button"):
            self.form[1].append((said["name"], said.get("value") or ""))

    def handle_endtag(self, tag):
        if tag == "form":
            self.form = None


def forms(client, company) -> dict[tuple, list]:
    """(address, deed) → fields, one of each; with the address of the page where the form has none."""
    browser, found = Browser(client).sign_in(ADA), {}
    for path in [path for method, path in of_the_team() if method == "GET"]:
        place = in_acme(path, company)
        answer = browser.open(place)
        if answer.headers.get("content-type", "").startswith("text/html"):
            for address, fields in Forms(answer.text).forms:
                for deed in {value for name, value in fields if name == "do"}:
                    found.setdefault((place if address in (None, "") or address[0] in "?#" else address, deed), fields)
    return found


@pytest.fixture
def every_form(client, acme):
    furnish(acme)
    work_off()
    return forms(client, acme)


def quoted(text: str) -> bytes:
    return "".join(f"%{byte:02x}" for byte in unescape(text).encode()).encode()


def test_whatever_is_written_into_a_form_gets_a_readable_page(client, every_form):
    assert len(every_form) > 60
    browser, broken = Browser(client).sign_in(ADA), {}
    browser.open("/app/acme/inbox")
    csrf = re.search(r'name="csrf" value="([^"]+)"', browser.page.text)[1]
    for (address, deed), fields in every_form.items():
        names = dict.fromkeys(name for name, _ in fields if name not in ("csrf", "do"))
        known = b"&".join(name.encode() + b"=" + quoted(value) for name, value in fields if name not in ("csrf", "do"))
        start = b"csrf=" + quoted(csrf) + b"&do=" + quoted(deed) + b"&" + known
        bodies = [start + b"&" + name.encode() + b"=" + value for name in names for value in RUBBISH] or [start]
        bodies += [b"csrf=" + quoted(csrf) + b"&do=" + quoted(deed)]  # and with nothing at all
        for body in bodies if not GOES_AWAY & set(re.split(r"[_-]", deed)) else bodies[:4]:
            answer = client.simulate_post(address, body=body, headers={**browser.headers(), "Content-Type": FORM})
            is_readable = answer.status_code == 303 or answer.text.startswith("<!doctype html>")
            if answer.status_code not in FINE or not is_readable or "Traceback" in answer.text:
                broken[address, deed, answer.status_code] = body[-60:]
    assert not broken, "\n".join(map(str, broken.items()))


def test_every_error_has_a_status_also_one_that_no_table_names():
    every = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.SaysoError)]
    assert {problems.status_of(kind.__new__(kind)) for kind in every} == {500, *problems.STATUS.values()}
