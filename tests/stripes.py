"""Stripe in our tests: a real HTTP server on loopback with the shapes of its API, that keeps customers, subscriptions and
sessions; and the events that it sends, signed as it signs them. Our client of it is the real one."""

import dataclasses
import hmac
import itertools
import json
import threading
import time
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from service import db
from service.feedback import billing, workspaces

KEY, SECRET, FORMER = "sk_test_1n0urt3sts", "whsec_n3w", "whsec_f0rm3r"
MONTHLY, YEARLY = "price_month", "price_year"
DAY = 86_400
REPEATED = ("/v1/customers", "/v1/checkout/sessions")  # what is made there is made once
EVENTS = "SELECT type, data FROM event WHERE workspace_id = %(workspace)s AND type ~ '^(plan|payment)' ORDER BY seq"
GIVE = "UPDATE workspace SET stripe_customer = %(customer)s WHERE id = %(workspace)s"
numbers = itertools.count(1)


class Account:
    """One account at Stripe."""

    def __init__(self):
        self.customers, self.sessions, self.once = {}, {}, {}
        self.kept: dict[str, list[dict]] = {}  # subscriptions by customer
        self.asked: list[tuple[str, str, dict]] = []  # method, path, fields
        self.turn = threading.Lock()
        self.is_away = self.may_retry = False
        self.before_answer = lambda path: None  # for tests in which something happens meanwhile
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def subscribe(self, customer: str, status: str = "active", **more) -> dict:
        """A subscription of this customer, as Stripe tells of it; the newest comes first."""
        now = int(time.time())
        made = {
            "id": f"sub_{next(numbers)}", "object": "subscription", "customer": customer, "status": status,
            "created": now + next(numbers), "cancel_at_period_end": False, "cancel_at": None, "canceled_at": None,
            "ended_at": None, "trial_start": None, "trial_end": None, "livemode": False,
            "cancellation_details": {"comment": None, "feedback": None, "reason": None},
            "items": {"object": "list", "has_more": False, "url": "/v1/subscription_items", "data": [{
                "id": f"si_{next(numbers)}", "object": "subscription_item", "current_period_start": now,
                "current_period_end": now + 30 * DAY, "quantity": 1,
                "price": {"id": MONTHLY, "object": "price", "recurring": {"interval": "month", "interval_count": 1}},
            }]}, **more,
        }  # fmt: skip
        self.kept.setdefault(customer, []).insert(0, made)
        return made

    def answer(self, method: str, path: str, fields: dict, once: str | None) -> tuple[int, dict]:
        self.asked.append((method, path, fields))
        self.before_answer(path)
        if self.is_away:
            return 500, {"error": {"type": "api_error", "message": "sk_test_1n0urt3sts is somebody@private.example"}}
        with self.turn:
            if once and once in self.once:
                return 200, self.once[once]
            status, said = self.do(method, path, fields)
            if once and status == 200:
                self.once[once] = said
            return status, said

    def do(self, method: str, path: str, fields: dict) -> tuple[int, dict]:
        customer = fields.get("customer")
        if customer and customer not in self.customers:
            return missing("customer")
        if (method, path) == ("POST", "/v1/customers"):
            made = {"id": f"cus_{next(numbers)}", "object": "customer", "livemode": False}
            self.customers[made["id"]] = made
            return 200, made
        if (method, path) == ("GET", "/v1/subscriptions"):
            return 200, listed(path, self.kept.get(customer, []))
        if method == "DELETE" and path.startswith("/v1/subscriptions/"):
            return self.cancel(path.split("/")[-1])
        if path == "/v1/checkout/sessions":
            return self.of_sessions(method, path, fields)
        if path.endswith("/expire"):
            session = self.sessions[path.split("/")[-2]]
            session["status"] = "expired"
            return 200, session
        if (method, path) == ("POST", "/v1/billing_portal/sessions"):
            return 200, {"id": "bps_1", "object": "billing_portal.session", "url": f"{self.address}/portal/{customer}"}
        return 404, {"error": {"type": "invalid_request_error", "message": f"Unrecognized request URL ({path})."}}

    def cancel(self, id: str) -> tuple[int, dict]:
        for each in itertools.chain(*self.kept.values()):
            if each["id"] == id and each["status"] != "canceled":
                each |= {"status": "canceled", "ended_at": int(time.time())}
                return 200, each
        return missing("id")

    def of_sessions(self, method: str, path: str, fields: dict) -> tuple[int, dict]:
        if method == "GET":
            open_ones = [each for each in self.sessions.values() if each["customer"] == fields["customer"]
                         and each["status"] == fields.get("status", each["status"])]  # fmt: skip
            return 200, listed(path, open_ones[::-1])  # the newest first
        if fields["line_items[0][price]"] not in (MONTHLY, YEARLY):
            return missing("line_items[0][price]")
        id = f"cs_test_{next(numbers)}"
        made = {"id": id, "object": "checkout.session", "status": "open", "customer": fields["customer"],
                "mode": "subscription", "url": f"{self.address}/pay/{id}", "fields": fields}  # fmt: skip
        self.sessions[id] = made
        return 200, made


def missing(what: str) -> tuple[int, dict]:
    error = {"type": "invalid_request_error", "code": "resource_missing", "param": what, "message": "No such thing."}
    return 400, {"error": error}


def listed(path: str, data: list[dict]) -> dict:
    return {"object": "list", "url": path, "has_more": False, "data": data}


def handler_of(account: Account) -> type:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.tell(urlsplit(self.path).query)

        def do_DELETE(self):
            self.do_GET()

        def do_POST(self):
            self.tell(self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode())

        def tell(self, said: str):
            fields = {name: values[0] for name, values in parse_qs(said).items()}
            path, once = urlsplit(self.path).path, self.headers.get("Idempotency-Key")
            assert self.headers["Authorization"] == f"Bearer {KEY}"
            status, answer = account.answer(self.command, path, fields, once if path in REPEATED else None)
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if status >= 500 and not account.may_retry:
                self.send_header("Stripe-Should-Retry", "false")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    return Handler


@contextmanager
def account(config):
    """An account at Stripe that this process asks, with the settings that lead there."""
    made = Account()
    billed = dataclasses.replace(config, stripe_secret_key=KEY, stripe_webhook_secrets=(SECRET, FORMER),
                                 stripe_api=made.address, stripe_prices={"month": MONTHLY, "year": YEARLY})  # fmt: skip
    billing.start(billed)
    try:
        yield made
    finally:
        billing.start(config)
        made.server.shutdown()
        made.server.server_close()


def customer(account: Account, company) -> str:
    """Have Stripe know this company's workspace; the id by which it does."""
    id = account.do("POST", "/v1/customers", {})[1]["id"]
    db.changed(GIVE, customer=id, workspace=company.workspace.id)
    return id


def event(type: str, about: dict, **more) -> dict:
    return {"id": f"evt_{next(numbers)}", "object": "event", "api_version": "2026-10-28.endive", "type": type,
            "created": int(time.time()), "livemode": False, "pending_webhooks": 1, "data": {"object": about},
            "request": {"id": None, "idempotency_key": None}, **more}  # fmt: skip


def signed(body: bytes, *secrets: str, age: int = 0) -> str:
    """The header that Stripe would send with this body, so many seconds ago."""
    at = int(time.time()) - age
    tags = [hmac.new(secret.encode(), b"%d." % at + body, sha256).hexdigest() for secret in secrets or (SECRET,)]
    return ",".join([f"t={at}", *(f"v1={tag}" for tag in tags), "v0=0"])


def send(client, said: dict | bytes, signature: str | None = None):
    """Send an event to us, signed unless a `signature` is given."""
    body = said if isinstance(said, bytes) else json.dumps(said, indent=2).encode()
    headers = {"Content-Type": "application/json", "Stripe-Signature": signed(body) if signature is None else signature}
    return client.simulate_post("/hooks/stripe", body=body, headers=headers)


def plan(company) -> str:
    return workspaces.find(company.workspace.id).plan


def told(company) -> list:
    """What was told of plans and payments: the type, and the plan or whether it reminds."""
    return [(type, data.get("plan", data.get("reminder"))) for type, data in db.rows(EVENTS, workspace=company.workspace.id)]
