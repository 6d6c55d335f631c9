"""A real browser, a real installation, a real mail server, and a customer's site on another origin."""

import email
import json
import re
import shutil
import threading
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import caddy
import installation
import people
import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import expect

expect.set_options(timeout=15_000)  # a machine that does other things, too, is no fault of a page


@pytest.fixture(scope="session", autouse=True)
def front():
    """With SAYSO_FRONT=caddy every installation is behind a Caddy, and browsers, playwright and Python trust its authority;
    else None."""
    if not caddy.CHOSEN:
        yield None
        return
    with installation.data_folder() as folder, pytest.MonkeyPatch.context() as environment:
        folder.mkdir()
        with caddy.running(folder, *installation.free_ports(2)) as made:  # its authority stays for those to come
            pass
        environment.setenv("SSL_CERT_FILE", str(made.root))
        environment.setenv("NODE_EXTRA_CA_CERTS", str(made.root))
        yield made


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args, front):
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "These tests need Chromium; install it, e.g.: sudo apt-get install chromium"
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync",
             "--disable-component-update", *(front.chromium if front else [])]  # fmt: skip
    return {**browser_type_launch_args, "executable_path": path, "args": quiet}


class Letters:
    """What a mail server received."""

    def __init__(self):
        self.received = []

    async def handle_DATA(self, _server, _session, envelope):
        self.received.append((envelope.rcpt_tos[0], email.message_from_bytes(envelope.content, policy=default)))
        return "250 taken"

    def to(self, address: str, subject: str):
        """The letter to this address whose subject holds this text, as soon as it arrives."""
        return installation.until(lambda: next((letter for to, letter in self.received
                                                if to == address and subject in letter["Subject"]), None))  # fmt: skip


@pytest.fixture(scope="session")
def letters():
    handler = Letters()
    controller = Controller(handler, hostname="127.0.0.1", port=installation.free_ports(1)[0])
    controller.start()
    handler.url = f"smtp://127.0.0.1:{controller.port}"
    yield handler
    controller.stop()


@pytest.fixture(scope="session")
def sayso(letters, front):
    """`sayso up` with a demo workspace."""
    with caddy.perhaps(front, SMTP_URL=letters.url) as running:
        people.trust(running)
        yield running


class Site:
    """A customer's site: one page with our tag, under the strictest policy that the manual promises to work with."""

    POLICY = ("default-src 'none'; script-src {base}; connect-src 'self' {base} {stream}; style-src 'none'; img-src 'none'; "
              "base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'")  # fmt: skip
    PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Tidewater</title>{before}<script async src="{base}/w.js" data-key="{key}"{more}></script>
<h1>Invoices</h1><p><a href="{base}/b/tidewater" data-sayso="list">Ideas</a> <input aria-label="Search"></p></html>"""

    def __init__(self, sayso):
        self.base, self.stream = sayso.base_url, sayso.stream_origin
        self.key, self.attributes, self.before = sayso.demo["widget_key"], "", ""
        self.answers = {}  # path: a function that gives what stands there, as JSON
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path in site.answers:
                    return self.tell(site.answers[self.path]())
                self.send_response(200 if self.path == "/" else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Security-Policy", site.POLICY.format(base=site.base, stream=site.stream))
                self.end_headers()
                page = site.PAGE.format(base=site.base, key=site.key, more=site.attributes, before=site.before)
                self.wfile.write(page.encode())

            def tell(self, value):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(value).encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://localhost:{self.server.server_port}/"


@pytest.fixture
def site(sayso):
    made = Site(sayso)
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def complaints():
    """Whatever a page complained about: policy violations, console errors, exceptions."""
    return []


@pytest.fixture
def watched(complaints):
    """Lets `complaints` hear what a page complains about."""

    def watch(page):
        page.on("console", lambda said: said.type in {"error", "warning"} and complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    return watch


@pytest.fixture
def visitor(browser, sayso, site, watched):
    """Opens the panel at a view, on the customer's page, in a browser of its own; as a user of the customer's or nobody."""
    contexts = []

    def visitor(view: str, user: str | None = None, **how):
        site.attributes = f' data-user-token="{people.token(sayso.demo, user)}"' if user else ""
        context = browser.new_context(**how)
        contexts.append(context)
        page = watched(context.new_page())
        page.goto(site.url)
        with page.expect_response(lambda answer: "/stream?" in answer.url):  # it listens from here on
            page.evaluate("view => void sayso.open(view)", view)
        return page

    yield visitor
    for context in contexts:
        context.close()


# ── the dashboard ───────────────────────────────────────────────────────────────────────────────────────────────────

LINKS_OF_A_PAGE = "[...document.querySelectorAll('main a[href], header a[href]')].map(link => link.href)"
# of the demo's workspace; what has a placeholder is found by its link on one of these
PAGES = [
    "inbox", "inbox?status=planned&sort=top", "history", "search?q=time", "roadmap", "changelog", "changelog/new",
    "users", "companies", "segments", "segments/new", "insights", "moderation", "moderation?show=deleted",
    "moderation?show=blocked", "duplicates", "start", "settings", "settings/general", "settings/brand", "settings/identity",
    "settings/boards", "settings/statuses", "settings/tags", "settings/fields", "settings/team", "settings/keys",
    "settings/webhooks", "system",
    "system/jobs", "outbox", "posts/new", "posts/1", "posts/1/merge?into=2",
]  # fmt: skip
FOUND = {"users": r"/users/[^/?]+$", "companies": r"/companies/[^/?]+$", "segments": r"/segments/(?!new)[^/?]+$",
         "changelog": r"/changelog/\d+$"}  # fmt: skip


@pytest.fixture(scope="session")
def state(browser, sayso):
    """What a signed-in browser keeps."""
    assert sayso.demo
    context = browser.new_context()
    page = context.new_page()
    page.goto(sayso.command("sign-in", "demo@sayso.example").strip())
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture(scope="session")
def addresses(browser, sayso, state):
    home = f"{sayso.base_url}/app/{sayso.demo['workspace']}"
    context = browser.new_context(storage_state=state)
    page, found = context.new_page(), [f"{home}/{each}" for each in PAGES]
    for area, pattern in FOUND.items():
        page.goto(f"{home}/{area}")
        found += [each for each in page.evaluate(LINKS_OF_A_PAGE) if re.search(pattern, each)][:1]
    context.close()
    return found
