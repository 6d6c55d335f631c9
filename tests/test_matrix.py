"""Who may do what: every address there is, asked by everyone who could ask, for what is theirs, for what is another's,
and for what is not there. Made from the table of addresses: what is new there is asked here too."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import stripes
from addresses import CHOSEN, World, address, missing, named_by, operations, unknown
from browser import Browser
from calls import SITE, call, session
from cast import ADA, CLEO, DAN, EVE
from dashboards import furnish, in_acme, of_the_team
from queued import work_off
from uploads import form

from service import db
from service.feedback import boards, changelog, comments, keys
from service.web.app import for_widgets

FAR_AWAY = 500_000  # the first number of a post of Globex, so that none is also one of Acme's
SCOPES = {"read": ("read",), "write": ("write",), "admin": ("admin",)}
COUNT_ON = "UPDATE workspace_counter SET next_post = %(first)s WHERE workspace_id = %(workspace)s"
EVENTS = "SELECT count(*) FROM event WHERE workspace_id = %(workspace)s"


@dataclass
class Asked:
    """One operation and the places it is asked for."""

    each: object
    own: str
    elsewhere: dict[str, tuple[str, str]]  # placeholder → (what is missing, what is another workspace's)
    values: dict[str, str]
    query: dict[str, str]

    def paths(self) -> list[str]:
        return [self.own, *(self.path(name, value) for name, both in self.elsewhere.items() for value in both)]

    def path(self, name: str, value: str) -> str:
        return address(self.each, {**self.values, name: value}, self.query)


@pytest.fixture
def ours(client, acme):
    return World(client, acme)


@pytest.fixture
def theirs(client, globex):
    move_numbers(globex)
    return World(client, globex)


@pytest.fixture
def asked(ours, theirs) -> list[Asked]:
    """Every operation of the API, with things that were made for it alone."""
    found = []
    for each in operations():
        values, foreign, query = ours.place(each), theirs.place(each), ours.query(each)
        lost = {name: missing(each, name) for name in values}
        elsewhere = {name: (lost[name], foreign[name]) for name in values if lost[name]}
        found.append(Asked(each, address(each, values, query), elsewhere, values, query))
    forget_limits()
    return found


def move_numbers(company) -> None:
    db.changed(COUNT_ON, first=FAR_AWAY, workspace=company.workspace.id)


def forget_limits() -> None:
    """A minute goes by."""
    db.changed("DELETE FROM rate")


def key_with(company, *scopes: str) -> str:
    return keys.create(company.workspace, company.owner, "of a test", scopes)


def plain(answer, *echoed: str) -> tuple[int, str]:
    """An answer without the words that repeat what was asked for, the request's own number, and the moment."""
    text = re.sub(r'"(request_id|\w+_at)":"[^"]+"', "", answer.text)
    for word in echoed:
        text = re.sub(rf"(?<![\w.:]){re.escape(word)}(?!\w)", "…", text)
    return answer.status_code, text


# ── programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_valid_key_nothing_is_there(ours, asked, acme):
    expired = key_with(acme, "admin")
    db.changed("UPDATE api_key SET expires_at = now() - interval '1 second' WHERE name = 'of a test'")
    for name, sent, code in (("none", {"Authorization": None}, "key_missing"), ("garbage", {}, "key_invalid"),
                             ("expired", {}, "key_invalid")):  # fmt: skip
        key = {"expired": expired}.get(name, f"sk_{acme.workspace.id}_garbage")
        for one in asked:
            for path in one.paths():
                answer = ours.send(one.each, path, {}, key, **sent)
                assert (answer.status_code, answer.json["code"]) == (401, code), (name, one.each.method, path)
                assert answer.headers["www-authenticate"] == "Bearer"


def test_a_key_may_do_what_its_scopes_say_and_nothing_else(ours, asked, acme):
    for scope, scopes in SCOPES.items():
        key, allowed = key_with(acme, *scopes), {scope, *(("read", "write") if scope == "admin" else ())}
        for one in asked:
            for path in one.paths() if one.each.about.scope not in allowed else ():
                answer = ours.send(one.each, path, {}, key)
                assert (answer.status_code, answer.json["code"]) == (403, "scope_missing"), (scope, one.each.method, path)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_with_the_scope_does_it(ours, acme, scope):
    key, allowed = key_with(acme, scope), {scope, *(("read", "write") if scope == "admin" else ())}
    for each in operations():
        if each.about.scope in allowed:
            path, body = address(each, ours.place(each), ours.query(each)), ours.body(each)
            answer = ours.send(each, path, body, key)
            assert answer.status_code in each.about.statuses, (each.method, path, body, answer.text)
            assert "location" in answer.headers if answer.status_code == 201 else True


def test_what_belongs_to_another_workspace_is_as_missing_as_what_never_was(ours, theirs, asked, globex):
    before = db.row(EVENTS, workspace=globex.workspace.id)
    for one in asked:
        body = ours.body(one.each)
        for name, (nowhere, foreign) in one.elsewhere.items():
            lost, other = (ours.send(one.each, one.path(name, value), body) for value in (nowhere, foreign))
            assert plain(lost, nowhere) == plain(other, foreign), (one.each.method, one.own, name)
            assert lost.status_code in (404, 422) or name in CHOSEN, (one.each.method, one.path(name, nowhere), lost.text)
    assert db.row(EVENTS, workspace=globex.workspace.id) == before


def test_a_body_cannot_name_what_belongs_to_another_workspace(ours, theirs, asked):
    def said(one: Asked, body: dict, field: str, value) -> tuple[int, str]:
        answer = ours.send(one.each, one.own, {**body, field: value})
        return plain(answer, str(value[0] if isinstance(value, list) else value))

    for one in asked:
        for field, own in (ours.body(one.each, every=True) or {}).items():
            if named_by(one.each, field):
                body, foreign = ours.body(one.each), theirs.fitting(one.each, field, own)
                lost, other = (said(one, body, field, value) for value in (unknown(own), foreign))
                assert lost == other and lost[0] in (404, 422), (one.each.method, one.own, field, lost)


def test_the_key_of_another_workspace_finds_nothing_here(ours, theirs, asked):
    for one in asked:
        for name, (nowhere, _) in one.elsewhere.items():
            own, body = one.values[name], theirs.body(one.each)
            lost, here = (theirs.send(one.each, one.path(name, value), body) for value in (nowhere, own))
            assert plain(lost, nowhere) == plain(here, own), (one.each.method, one.own, name)


MEMBERS = {"GET": (200, 303), "POST": (200, 303, 400, 422)}  # a form of no page of ours does nothing

# ── the team ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def team(client, here, acme, globex):
    """Everybody who could open a page of Acme's dashboard, where there is one for what is paid."""
    furnish(acme)
    work_off()  # which writes a letter to Acme's team
    with stripes.account(here):
        ada, eve = (Browser(client).sign_in(email) for email in (ADA, EVE))
        yield {"nobody": Browser(client), "a member": ada, "a stranger": eve}


def ask(browser: Browser, method: str, path: str):
    """The answer to a page or a form; what only leads on to another page of ours is that page."""
    browser.open("/app/new")  # has the token that a form of ours carries
    answer = browser.open(path) if method == "GET" else browser.send(path, status="open", origins="", name="Product")
    leads_on = method == "GET" and answer.headers.get("location", "").startswith(path)
    return browser.open(answer.headers["location"]) if leads_on else answer


def test_case_56_a_workspace_shows_its_dashboard_to_its_members_alone(team, acme):
    for method, template in of_the_team():
        path = in_acme(template, acme)
        page = ask(team["nobody"], method, path)
        assert (page.status_code, page.headers.get("location")) == (303, "/app/sign-in"), (method, path)
        stranger, lost = (ask(team["a stranger"], method, each) for each in (path, path.replace("/acme", "/nowhere", 1)))
        assert stranger.status_code == lost.status_code == 404, (method, path)
        assert plain(stranger, "acme") == plain(lost, "nowhere"), (method, path)
        assert ask(team["a member"], method, path).status_code in MEMBERS[method], (method, path)


# ── the widget ──────────────────────────────────────────────────────────────────────────────────────────────────────

FOR_AUTHORS = {  # what nobody else may do
    "posts/{number:number}/edit", "posts/{number:number}/delete", "posts/{number:number}/files",
    "comments/{comment:number}/edit", "comments/{comment:number}/delete",
}  # fmt: skip

def of_the_widget() -> list[str]:
    found = [path.removeprefix("/api/widget/") for path in for_widgets() if path.startswith("/api/widget/")]
    for path in found:
        for placeholder in set(re.findall(r"{[^}]+}", path)) - {"{number:number}", "{entry:number}", "{comment:number}"}:
            pytest.fail(f"say how to sample {placeholder} of {path}")
    return found


def test_the_widget_shows_its_users_what_everyone_may_see_and_nothing_else(client, acme, globex):
    move_numbers(globex)
    seen = {"own": acme.post(by=CLEO), "another user's": acme.post("Export", by=DAN)}
    unseen = {"the team's": acme.post("Secret", board="bugs", public=False), "another workspace's": globex.post()}
    said = {"the team's": comments.create(acme.writer, unseen["the team's"], "Secret"),
            "another workspace's": comments.create(globex.reader(), unseen["another workspace's"], "Elsewhere")}  # fmt: skip
    boards.change(acme.team, "bugs", access="private")
    who = {"nobody": None, "a user": session(client, acme, CLEO), "another user": session(client, acme, DAN)}
    stranger = session(client, globex, CLEO)
    linked = [*seen.values(), unseen["the team's"]]
    entry = changelog.create(acme.team, "Exports", published_at=datetime.now(UTC), posts=linked).id

    def asks(path: str, number: int, comment: int, token: str | None):
        # a call takes no notice of the fields that it does not know
        placed = path.replace("{number:number}", str(number)).replace("{entry:number}", str(entry))
        placed = placed.replace("{comment:number}", str(comment))
        if path.endswith("/files"):
            fields = {"key": acme.widget_key, "session": token or ""}
            body, kind = form(*[(name, None, said.encode()) for name, said in fields.items()], ("file", "a", b"text"))
            return client.simulate_post(f"/api/widget/{placed}", body=body, headers={"Content-Type": kind, "Origin": SITE})
        return call(client, acme, placed, session=token, user_token=acme.token(), title="Dark mode", text="dark", voted=True,
                    kind="love", on=True, body="Words", following=True, after=1)  # fmt: skip

    for path in of_the_widget():
        for author, claims in (("a user", CLEO), ("another user", DAN)):
            for name, token in who.items():
                number = acme.post("Night mode", by=claims)
                place = number, comments.create(acme.reader(claims), number, "Me too")
                assert asks(path, *place, stranger).status_code == 401, (path, author)
                answer = asks(path, *place, token)
                expected = (403,) if path in FOR_AUTHORS and name != author else (200, 201)
                assert answer.status_code in expected, (path, author, name, answer.text)
                assert "Secret" not in answer.text
        for post, number in unseen.items() if "{number" in path or "{comment" in path else ():
            for name, token in who.items():
                lost, answer = asks(path, 999_999_999, 999_999_999, token), asks(path, number, said[post], token)
                own = number if "{number" in path else said[post]
                assert plain(lost, "999999999") == plain(answer, str(own)), (path, post, name)
                assert lost.status_code == 404
