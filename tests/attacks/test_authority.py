"""Cases 56–62: whose things are whose, what stays inside the team, and whose address an address is."""

import json
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from browser import Browser
from calls import call, session
from cast import ADA, BEN, CLEO, DAN, EVE
from program import Program
from visitors import Visitor

from service import db
from service.feedback import boards, comments, endpoints, keys, members, team

FAR_AWAY = 700_000  # the first number of a post of Globex
COUNT_ON = "UPDATE workspace_counter SET next_post = %(first)s WHERE workspace_id = %(workspace)s"
OF_A_WORKSPACE = """
SELECT t.relname, array_agg(a.attname ORDER BY k.place) FROM pg_constraint c
  JOIN pg_class t ON t.oid = c.conrelid CROSS JOIN unnest(c.conkey) WITH ORDINALITY k(number, place)
  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number
 WHERE c.contype IN ('p', 'u', 'f') AND t.relnamespace = 'public'::regnamespace
   AND EXISTS (SELECT FROM pg_attribute w WHERE w.attrelid = t.oid AND w.attname = 'workspace_id')
 GROUP BY t.relname, c.oid"""
SECONDS = 5


@pytest.fixture
def theirs(globex) -> int:
    """A post of Globex, whose number is none of Acme's."""
    db.changed(COUNT_ON, first=FAR_AWAY, workspace=globex.workspace.id)
    return globex.post("Secret plan")


def plain(answer, number) -> tuple:
    """An answer without the number of the request and what it asked for."""
    said = {name: value for name, value in answer.json.items() if name != "request_id"} if answer.text else {}
    return answer.status_code, json.dumps(said).replace(str(number), "…")


def test_case_56_what_is_another_workspaces_is_as_missing_as_what_never_was(client, acme, theirs):
    """Made from the table of addresses, for everyone who could ask, in test_matrix.py."""
    api, ada = Program(client, acme), Browser(client).sign_in(ADA)
    for path, method in (("", "GET"), ("/comments", "GET"), ("/votes", "GET"), ("", "DELETE"), ("/merge", "DELETE")):
        found = [plain(api.send(method, f"/posts/{number}{path}", None), number) for number in (theirs, FAR_AWAY + 9)]
        assert found[0] == found[1] and found[0][0] == 404, (method, path)
    pages = [ada.open(f"/app/acme/posts/{number}") for number in (theirs, FAR_AWAY + 9)]
    assert [page.status_code for page in pages] == [404, 404]
    assert ada.open("/app/globex/inbox").status_code == ada.open("/app/nowhere/inbox").status_code == 404
    who = session(client, acme)
    for path, more in (("", {}), ("/vote", {"voted": True}), ("/comments", {"body": "x"})):
        assert call(client, acme, f"posts/{theirs}{path}", session=who, **more).status_code == 404
    assert client.simulate_get(f"/b/acme/posts/{theirs}").status_code == 404
    assert db.row("SELECT votes FROM post WHERE number = %(n)s", n=theirs) == (1,)


def test_case_57_every_row_of_a_workspace_is_found_by_it(running, here):
    """The database itself refuses a row that points into another one; test_schema.py says which tables have none."""
    found = db.rows(OF_A_WORKSPACE)
    assert len(found) > 50
    assert [table for table, columns in found if "workspace_id" not in columns and table not in ("job", "job_dead")] == []


def test_case_58_one_foreign_post_refuses_the_whole_of_it(client, acme, theirs):
    ours, ada, api = acme.post(), Browser(client).sign_in(ADA), Program(client, acme)
    ada.open("/app/acme/inbox")
    for kind, more in (("status", {"status": "done"}), ("delete", {}), ("tag", {"tag": "x"})):
        answer = ada.send("/app/acme/inbox", do="act", kind=kind, post=[ours, theirs], **more)
        assert answer.status_code in (404, 409, 422), kind
    assert api.put(f"/posts/{ours}/merge", into=theirs).status_code in (404, 422)
    assert api.put(f"/posts/{theirs}/merge", into=ours).status_code == 404
    assert api.post("/changelog", title="News", posts=[ours, theirs]).status_code in (404, 422)
    states = db.rows("SELECT status_id IS NOT NULL, deleted_at, merged_into FROM post ORDER BY number")
    assert [each[1:] for each in states] == [(None, None)] * 2
    assert api.get(f"/posts/{ours}").json["status"]["key"] == "open" and api.get("/changelog").json["data"] == []


def test_case_59_what_is_the_teams_is_in_nothing_that_others_read(client, acme):
    hidden = acme.post("Unmistakable plan", "Unmistakable", public=False, board=private(acme))
    number = acme.post("Dark mode", by=DAN)
    comments.create(acme.writer, number, "Unmistakable note", internal=True)
    places = ("", f"/posts/{number}", f"/posts/{hidden}", "/roadmap", "/sitemap.xml", "/changelog.rss", "/changelog.atom")
    who, said = session(client, acme), [client.simulate_get(f"/b/acme{path}").text for path in places]
    said += [client.simulate_get("/b/acme", params={"q": "Unmistakable"}).text.replace('value="Unmistakable"', "")]
    for path, more in (("opening", {}), ("list", {}), ("list", {"q": "unmistakable"}), ("similar", {"text": "unmistakable"}),
                       (f"posts/{number}", {}), (f"posts/{hidden}", {}), ("roadmap", {})):  # fmt: skip
        said.append(call(client, acme, path, session=who, **more).text)
    for text in said:
        assert not any(word in text for word in ("Unmistakable p", "Unmistakable n", DAN["email"], "4900", "Initech")), text


def private(acme) -> str:
    boards.create(acme.team, "plans", "Plans", access="private")
    return "plans"


@pytest.fixture
def stream(streaming, here):
    """Call it with a query and headers: what is heard first, line by line, or the status of a refusal."""

    def listen(headers: dict = (), **query):
        answer = urllib3.request("GET", streaming, fields=query, headers=dict(headers), preload_content=False,
                                 timeout=SECONDS, retries=False)  # fmt: skip
        return answer if answer.status == 200 else answer.status

    return listen


def heard(answer, until: str) -> str:
    """All that came up to the line with this word."""
    found = ""
    while until not in found and (line := answer.readline()):
        found += line.decode()
    return found


def test_case_60_a_stream_tells_of_its_own_workspace_to_those_who_may_hear(client, stream, acme, globex):
    """What each may hear is in test_stream.py."""
    assert stream() == 401 and stream(ticket="x") == 401
    assert stream(headers={"Authorization": "Bearer sk_1_x"}) == 401
    address = Visitor(client).open("/b/acme/ticket").json["stream_url"]
    ticket = address.partition("ticket=")[2].partition("&")[0]
    with closing(stream(ticket=ticket)) as public, closing(stream(headers=globex.bearer())) as other:
        assert all(each.readline().startswith(b":") for each in (public, other)), "from here on they hear"
        number = acme.post("Ours")
        comments.create(acme.writer, number, "Between us", internal=True)
        globex.post("Theirs")
        acme.post("Again")
        assert "Ours" not in heard(other, "post.created") + heard(other, "data: ")
        told = [heard(public, "event: post.created"), heard(public, "data: "), heard(public, "event: post.created")]
        assert "comment" not in "".join(told)


def test_case_60_after_one_was_taken_out_their_stream_ends_and_there_is_no_other(client, stream, acme):
    ben = Browser(client).sign_in(BEN)
    kept = parse_qs(urlsplit(ben.open("/app/acme/ticket").json["stream_url"]).query)["ticket"][0]
    with closing(stream(ticket=kept)) as open_still:
        assert open_still.readline().startswith(b":")
        team.remove(acme.team, members.person(BEN).id)
        acme.post("What only the team hears of", board="bugs", public=False)
        assert "post.created" not in heard(open_still, "post.created")
    assert stream(ticket=kept) == 401
    assert ben.open("/app/acme/ticket").status_code == 404
    stranger = Browser(client).sign_in(EVE)
    assert stranger.open("/app/acme/ticket").status_code == 404


def test_case_61_a_secret_is_shown_once_and_to_admins(client, acme):
    _, whsec = endpoints.create(acme.team, "https://hooks.invalid/secret-path", ["post.created"])
    key, kid = keys.create(acme.workspace, acme.owner, "ci"), acme.secret
    hook = endpoints.of(acme.team)[0].id
    for browser in (Browser(client).sign_in(ADA), Browser(client).sign_in(BEN)):
        for path in ("/keys", "/identity", "/webhooks", f"/webhooks/{hook}", ""):
            text = browser.open(f"/app/acme/settings{path}").text
            assert not any(secret in text for secret in (whsec, key, kid[1])), path
    assert "secret-path" not in browser.open(f"/app/acme/settings/webhooks/{hook}").text, "a plain member reads no address"
    for path in ("/keys", f"/webhooks/{hook}", "/webhooks", "/events"):
        text = Program(client, acme).get(path).text
        assert not any(secret in text for secret in (whsec, key, kid[1], acme.api_key)), path
    for does, place in (("make", "keys"), ("end", "keys"), ("secret", "identity"), ("create", "webhooks")):
        browser.open(f"/app/acme/settings/{place}")
        assert browser.send(f"/app/acme/settings/{place}", do=does, name="x", role="admin", email=EVE).status_code == 403


FORGED = {"X-Forwarded-For": "203.0.113.7", "Forwarded": "for=203.0.113.8", "X-Real-IP": "203.0.113.9",
          "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Client-IP": "203.0.113.10"}  # fmt: skip


def counted() -> str:
    return str(db.rows("SELECT key FROM rate"))


def test_case_62_whom_a_request_says_that_it_comes_from_is_not_believed(client, acme):
    for number in range(21):
        someone = Browser(client)
        someone.open("/app/sign-in")
        forged = {**FORGED, "X-Forwarded-For": f"203.0.113.{number}"}
        answer = someone.send("/app/sign-in", forged, email=f"p{number}@x.example")
    assert answer.status_code == 429 and "203.0.113" not in counted()
    call(client, acme, "opening", headers=FORGED)
    page = client.simulate_get("/b/acme", headers=FORGED)
    assert "203.0.113" not in counted() and "evil.example" not in page.text + str(page.headers)


def test_case_62_behind_a_real_caddy_it_is_whom_caddy_sees(fronted, front, acme):
    with closing(fronted.line("127.0.0.9")) as from_elsewhere:
        for wire in (front, from_elsewhere):
            someone = Browser(wire)
            someone.open("/app/sign-in")
            assert someone.send("/app/sign-in", FORGED, email=CLEO["email"]).status_code == 200
    said = counted()
    assert "127.0.0.9" in said and "127.0.0.1" in said and "203.0.113" not in said
    page = front.simulate_get("/b/acme", headers={"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"})
    assert page.status_code == 200 and "evil.example" not in page.text + str(page.headers)
