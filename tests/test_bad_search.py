"""Whatever is typed into any search: a list, perhaps an empty one, or a refusal that says why; never an error of ours."""

from urllib.parse import quote

import pytest
from browser import Browser
from calls import call
from cast import ADA, DAN
from queued import work_off
from visitors import Visitor

from service.feedback import comments

TYPED = [
    "", " ", "a", "ab", "the", "the of and", "Dark mode", "dark " * 2_000, "x" * 10_000, "w" * 3_000, "!?.,;:…«»",
    "' OR 1=1", "'; DROP TABLE post; --", "!!! & | ( :*", "& | ! ( : *", "()()((", "<->", "dark <-> mode", "dark:*",
    "dark:A", "\\", "\\'", "'", "''", "dark \\' mode", '"', '""', '"dark mode', 'dark "mode', '"dark" "',
    '"dark mode" -phone', "-phone", "--dark", "-", "- -", "-" * 400, "- " * 400, "-a" * 400, "!" * 400, "dark -" * 60,
    "dark or", "or or or", "🌒", "🌒🌘" * 200,
    "👨‍👩‍👧", "暗黒モード dark الوضع الداكن e\u0301\u0302\u0303 тёмная", "ﷺ" * 200,
    "e" + "\u0301" * 500, "İ" * 500, "ß" * 500, "\u202edark\u202c", "\u200f\u200edark", "\u200b", "\ufeffdark",
    "\t\ndark\r\n", "dark\x00mode", "\x00", "\x01\x02\x03", "\ud800", "\udc00\ud800 dark", "%", "%s %(x)s %%", "_",
    "{0}", "{{ 7 * 7 }}", "<script>alert(1)</script>", "</mark>", "x.com/a('b", "x.com/a!'b", "http://x.com/a&'b|c?d=e",
    "a@b.example", "1a@" * 3_000, "a_" * 3_000, "#1", "#", "1", "-1", "9" * 400, "1e308", "17.4", "a/b/c",
    "../../etc/passwd", "C:\\dark", "null", "NaN",
]  # fmt: skip


def asked(q: str) -> str:
    return f"q={quote(q.encode('utf-8', 'surrogatepass'))}"


def key(company) -> dict:
    return {"headers": company.bearer()}


def page(path):
    return lambda client, _company, q: client.simulate_get(path, query_string=asked(q))


def of_team(path, **headers):
    return lambda client, _company, q: client.ada.open(path, query_string=asked(q), headers=headers)


SURFACES = {
    "the API's similar": lambda client, company, q: client.simulate_get(
        "/api/v1/similar", query_string=asked(q).replace("q=", "text=", 1), **key(company)),
    "the limit of the API's similar": lambda client, company, q: client.simulate_get(
        "/api/v1/posts/1/similar", query_string=asked(q).replace("q=", "limit=", 1), **key(company)),
    "the API's list": lambda client, company, q: client.simulate_get(
        "/api/v1/posts", query_string=asked(q), **key(company)),
    "the widget's hints": lambda client, company, q: call(client, company, "similar", text=q),
    "the widget's list": lambda client, company, q: call(client, company, "list", q=q),
    "the board": page("/b/acme"),
    "a narrowed board": lambda client, _company, q: client.simulate_get(
        "/b/acme", query_string=f"{asked(q)}&board=features&status=open&cursor="),
    "a new post": lambda client, _company, q: Visitor(client).do(
        "/b/acme/posts/new", "look", {"Sayso-Quick": "1"}, title=q.encode("utf-8", "surrogatepass")),
    "the dashboard's page": of_team("/app/acme/search"),
    "the dashboard's box": of_team("/app/acme/search", **{"Sayso-Quick": "1"}),
    "the inbox": of_team("/app/acme/inbox"),
    "what to merge into": lambda client, _company, q: client.ada.open(
        "/app/acme/posts/1/merge", query_string=asked(q).replace("q=", "into=", 1)),
}  # fmt: skip


@pytest.fixture
def searched(client, acme):
    """Acme with a few posts and a comment, and its owner's browser as `ada`."""
    acme.post("Dark mode", "For the night. a@b.example x.com/a('b"), acme.post("Export to CSV", by=DAN)
    comments.create(acme.reader(DAN), 2, "Dark, too")
    work_off()
    client.ada = Browser(client).sign_in(ADA)
    return client


@pytest.mark.parametrize("name", SURFACES)
def test_anything_can_be_typed(searched, acme, name):
    answers = {q: SURFACES[name](searched, acme, q) for q in TYPED}
    wrong = {q[:40]: answer.status_code for q, answer in answers.items()
             if answer.status_code not in (200, 400, 414, 422) or not answer.text}
    assert wrong == {}
