"""Cases 13–25: cookies and sessions of members, the links in letters, and what can be made of a sign-in."""

import re
from urllib.parse import quote, urlencode

import pytest
from browser import Browser, read_letter
from calls import call
from cast import ADA, BEN, CLEO, EVE
from crowd import at_once
from program import Program
from queued import work_off

from service import db
from service.feedback import general, invitations, limits, members, team, user_links
from service.lib import tokens

GIL = "gil@elsewhere.example"
NEWEST_USER_LINK = "SELECT workspace_id, id FROM user_link ORDER BY id DESC LIMIT 1"
ELSEWHERE = ("//evil.example", "/\\evil.example", "https:evil.example", "%2f%2fevil.example", "/%2fevil.example", "/\tevil",
             "javascript:alert(1)", "/\n/evil", "https://evil.example", "/../../app", "@evil.example", ".evil.example",
             "/posts/3?x=\r\nSet-Cookie: a=b", "/" + "a" * 600)  # fmt: skip
SESSIONS = "SELECT count(*) FROM session"
AGED = "UPDATE sign_in_link SET created_at = now() - %(age)s::interval"
LETTERS_TO_COME = "SELECT count(*) FROM job WHERE kind = %(kind)s"
TYPED = "Win a prize at https://evil.example/now or a@evil.example"


def ask(browser, email: str = ADA) -> str:
    """Ask for a link; returns the secret in the letter."""
    browser.open("/app/sign-in")
    assert browser.send("/app/sign-in", email=email).status_code == 200
    return read_letter()


def redeem(browser, secret: str):
    browser.open(f"/app/sign-in/{secret}")
    return browser.send(f"/app/sign-in/{secret}")


def ask_as_user(browser, email: str = CLEO["email"], at: str = "acme", to: str = "") -> str:
    assert browser.send(f"/b/{at}/sign-in?{urlencode({'to': to})}", do="ask", email=email).status_code == 200
    return user_links.arm(*db.row(NEWEST_USER_LINK)).secret


def invited(company, email: str = GIL) -> str:
    """The secret of the link in the letter to whom was invited."""
    member, _ = team.invite(company.team, email)
    return invitations.arm(company.workspace, member.email)


def is_in(browser, at: str = "acme") -> bool:
    return browser.open(f"/app/{at}/inbox").status_code == 200


def copies_of(browser, client, most: int = 20) -> list[Browser]:
    """The same browser, so often: cookies and the page it shows."""
    made = [Browser(client) for _ in range(most)]
    for copy in made:
        copy.cookies, copy.page = dict(browser.cookies), browser.page
    return made


def test_case_13_a_cookie_goes_to_our_server_alone(client, acme):
    ada = Browser(client)
    cookie = redeem(ada, ask(ada)).cookies["sayso"]
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.domain, cookie.secure) == (True, "Lax", "/", None, False)
    assert cookie.max_age == 30 * 24 * 3600
    assert "sayso-browser" not in ada.cookies, "what the link was bound to has done its work"


def test_case_13_over_https_nobody_else_can_set_it(front, acme):
    ada = Browser(front)
    answer = redeem(ada, ask(ada))
    cookie = answer.cookies["__Host-sayso"]
    assert (cookie.http_only, cookie.secure, cookie.same_site, cookie.path, cookie.domain) == (True, True, "Lax", "/", None)
    assert set(answer.cookies) == {"__Host-sayso", "__Host-sayso-browser"}
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    plain = front.simulate_get("/app/acme/inbox", headers={"Cookie": f"sayso={cookie.value}"})
    assert plain.status_code == 303 and plain.headers["location"].endswith("/app/sign-in")


def test_case_14_a_cookie_that_was_there_before_is_never_adopted(client, acme):
    ada = Browser(client)
    ada.cookies["sayso"] = chosen = tokens.secret()
    first = redeem(ada, ask(ada)).cookies["sayso"].value
    second = redeem(ada, ask(ada)).cookies["sayso"].value
    assert len({chosen, first, second}) == 3
    thief = Browser(client)
    thief.cookies["sayso"] = chosen
    assert not is_in(thief)


def test_case_15_signing_out_ends_the_copied_cookie_too(client, acme):
    ada = Browser(client).sign_in(ADA)
    [thief] = copies_of(ada, client, 1)
    assert is_in(thief)
    ada.open("/app/acme/inbox")
    answer = ada.send("/app/sign-out")
    assert (answer.status_code, answer.headers["clear-site-data"]) == (303, '"cache"') and "sayso" not in ada.cookies
    assert thief.open("/app/acme/inbox").headers["location"] == "/app/sign-in" and db.row(SESSIONS) == (0,)


def test_case_15_who_is_taken_out_of_a_team_is_out_at_once(client, acme):
    ben = Browser(client).sign_in(BEN)
    assert is_in(ben)
    team.remove(acme.team, members.person(BEN).id)
    assert ben.open("/app/acme/inbox").status_code == 404


def test_case_16_a_session_ends_after_14_idle_days_or_30_in_all(client, acme):
    ada = Browser(client).sign_in(ADA)
    ages = (("seen_at", 13, True), ("seen_at", 15, False), ("created_at", 29, True), ("created_at", 31, False))
    for column, days, holds in ages:
        db.changed("UPDATE session SET seen_at = now(), created_at = now()")
        db.changed(f"UPDATE session SET {column} = now() - interval '{days} days'")
        assert is_in(ada) is holds, (column, days)


def test_case_17_of_twenty_who_use_a_link_at_once_one_is_signed_in(client, acme):
    ada = Browser(client)
    secret = ask(ada)
    ada.open(f"/app/sign-in/{secret}")
    copies = copies_of(ada, client)
    answers = at_once(lambda number: copies[number].send(f"/app/sign-in/{secret}"))
    assert sorted(answer.status_code for answer in answers) == [303] + [401] * 19
    assert db.row(SESSIONS) == (1,)


def test_case_17_a_link_is_for_one_browser_soon_and_the_newest_only(client, acme):
    ada, other = Browser(client), Browser(client)
    first, second = ask(ada), ask(ada, ADA.upper())
    assert ada.open(f"/app/sign-in/{first}").status_code == 422 and redeem(ada, first).status_code == 401
    assert "in which you asked" in other.open(f"/app/sign-in/{second}").text and redeem(other, second).status_code == 401
    db.changed(AGED, age="16 minutes")
    assert ada.open(f"/app/sign-in/{second}").status_code == 422 and redeem(ada, second).status_code == 401
    assert db.row("SELECT count(*) FROM sign_in_link WHERE octet_length(token_hash) = 32") == (1,), "only hashes are kept"
    db.changed(AGED, age="14 minutes")
    assert ada.open(f"/app/sign-in/{second}").status_code == 200 and redeem(ada, second).status_code == 303


def test_case_17_what_invites_to_one_workspace_opens_no_other(client, acme, globex):
    secret, gil = invited(acme), Browser(client)
    assert gil.open(f"/app/join/globex/{secret}").status_code == 401
    gil.open("/app/sign-in")
    assert gil.send(f"/app/join/globex/{secret}").status_code == 401
    user = Browser(client)
    theirs = ask_as_user(user, at="globex")
    user.open(f"/b/acme/sign-in/{theirs}")
    assert user.send(f"/b/acme/sign-in/{theirs}").status_code == 401
    gil.open(f"/app/join/acme/{secret}")
    assert gil.send(f"/app/join/acme/{secret}").status_code == 303 and is_in(gil) and not is_in(gil, "globex")


def test_case_18_there_is_no_short_code_to_guess(client, acme):
    """Every way in is a link of 256 bits; no form takes a code."""
    ada = Browser(client)
    assert len(ask(ada)) == 43 and len(ask_as_user(Browser(client))) == 43 and len(invited(acme)) == 43
    for path in ("/app/sign-in", "/b/acme/sign-in"):
        names = set(re.findall(r'<input[^>]* name="([^"]+)"', ada.open(path).text))
        assert not {name for name in names if re.search("code|otp|pin|password", name)}, path
    for guess in range(0, 1_000_000, 111_111):
        assert client.simulate_get(f"/app/sign-in/{guess:06}").status_code in (401, 422)


def test_case_19_a_body_sets_only_what_is_its_to_set(client, acme, globex):
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/new")
    ada.send("/app/new", name="Mine", workspace_id=globex.workspace.id, role="owner", person_id=globex.owner.id)
    assert [place.slug for place in members.places(globex.owner)] == ["globex"]
    told = {"title": "t", "workspace_id": globex.workspace.id, "votes": 99, "author_id": 1, "is_member": True}
    answer = client.simulate_post("/api/v1/posts", json=told, headers=acme.bearer())
    assert answer.status_code == 422 or answer.json["votes"] <= 1
    assert db.row("SELECT count(*) FROM post WHERE workspace_id = %(workspace)s", workspace=globex.workspace.id) == (0,)
    secret, gil = ask(Browser(client), EVE), Browser(client)
    gil.open("/app/sign-in")
    gil.send("/app/sign-in", email=GIL, token_hash=secret, browser_hash="", used_at="", purpose="proof", session_id="1")
    assert db.row("SELECT count(*) FROM sign_in_link WHERE purpose <> 'sign_in' OR used_at < created_at") == (0,)


def test_case_20_no_answer_tells_who_is_known(client, acme):
    """Nor does the time that it takes: a link is made either way, and its letter written later."""
    acme.user()
    for path, more in (("/app/sign-in", {}), ("/b/acme/sign-in", {"do": "ask"})):
        pages = []
        for email in (ADA, CLEO["email"], GIL):
            someone = Browser(client)
            someone.open(path)
            page = someone.send(path, email=email, **more)
            words = re.sub(r'name="(csrf|began)" value="[^"]+"', "", page.text.replace(email, "X"))
            pages.append((page.status_code, words, sorted(page.headers)))
        assert pages[0] == pages[1] == pages[2], path
    assert db.row("SELECT count(*) FROM user_link") == db.row(LETTERS_TO_COME, kind=user_links.SEND) == (3,)
    said = [call(client, acme, "posts", title="Dark mode", guest={"email": email}) for email in (CLEO["email"], GIL)]
    assert [(answer.status_code, sorted(answer.json)) for answer in said] == [(201, sorted(said[0].json))] * 2


def test_case_21_an_address_gets_five_links_an_hour_whichever_process_is_asked(client, front, acme):
    """Counted in the database: a restart, or another host, forgets nothing."""
    ada = Browser(client)
    for _ in range(5):
        ask(ada)
    for elsewhere in (client, front):
        late = Browser(elsewhere)
        late.open("/app/sign-in")
        page = late.send("/app/sign-in", email=ADA.title())
        assert page.status_code == 429 and 1 <= int(page.headers["retry-after"]) <= 3600
    assert ask(ada, BEN)


def test_case_21_a_network_gets_twenty_links_an_hour_and_an_ipv6_household_is_one(proxied, acme):
    statuses = []
    for number in range(21):
        someone = Browser(proxied)
        theirs = {"X-Forwarded-For": f"2001:db8:7:7:{number:x}::1"}
        someone.open("/app/sign-in")
        statuses.append(someone.send("/app/sign-in", theirs, email=f"p{number}@x.example").status_code)
    assert statuses == [200] * 20 + [429]
    someone.open("/app/sign-in")
    other = someone.send("/app/sign-in", {"X-Forwarded-For": "2001:db8:7:8::1"}, email="p21@x.example")
    assert other.status_code == 200, "the next household is another"


@pytest.mark.parametrize("to", ELSEWHERE)
def test_case_23_no_address_leads_away_from_us(client, acme, to):
    someone = Browser(client)
    secret = ask_as_user(someone, to=to)
    someone.open(f"/b/acme/sign-in/{secret}")
    assert someone.send(f"/b/acme/sign-in/{secret}").headers["location"] == "/b/acme"
    for path in (f"/app/{quote(to, safe='')}", f"/b/acme/sign-in?{urlencode({'to': to})}", f"/{quote(to, safe='')}"):
        answer = someone.open(path)
        assert answer.headers.get("location", "/app/").startswith(("/app/", "/b/acme")), path
        assert "set-cookie" not in answer.headers or "a=b" not in answer.headers["set-cookie"]


def test_case_24_what_one_browser_began_no_other_ends_and_once(client, acme):
    db.changed("UPDATE workspace SET sign_in_url = 'https://app.acme.example/feedback' WHERE slug = 'acme'")
    cleo, eve = Browser(client), Browser(client)

    def set_out(browser) -> str:
        return browser.open("/b/acme/sign-in/with").headers["location"].rpartition("state=")[2]

    def come_back(browser, state: str) -> int:
        known = {"token": acme.token(jti=tokens.secret()), "state": state}  # no other counts as having been used before
        answer = browser.open("/b/acme/sign-in/return", params=known)
        assert (answer.status_code == 401) is ("started in another browser" in answer.text), answer.text
        return answer.status_code

    state = set_out(cleo)
    assert come_back(eve, state) == 401, "a link into which somebody is led"
    assert come_back(cleo, "x") == 401 and come_back(cleo, state) == 401, "a wrong state ends the right one"
    assert come_back(eve, "") == 401
    set_out(eve)
    assert come_back(eve, state) == 401, "nor does what she began herself help"
    state = set_out(cleo)
    assert come_back(cleo, state) == 303 and come_back(cleo, state) == 401
    copy = Browser(client)
    copy.cookies = {name: value for name, value in cleo.cookies.items() if name != "sayso-acme"}
    assert come_back(copy, state) == 401
    assert [browser.open("/b/acme/me").status_code for browser in (cleo, eve, copy)] == [200, 303, 303]


def test_case_25_a_letter_that_invites_says_nothing_that_somebody_typed(client, acme):
    """But what the team is called, of which no link is left."""
    ada = Browser(client).sign_in(ADA)
    ada.open("/app/acme/settings/team")
    more = dict.fromkeys(("subject", "body", "name"), "Unmistakable words")
    assert ada.send("/app/acme/settings/team", do="invite", email=GIL, role="member", **more).status_code == 303
    general.change(acme.team, name=TYPED)
    work_off()
    [letter] = db.rows("SELECT subject, text, html FROM letter WHERE kind = 'invitation'")
    for part in letter:
        assert "Win a prize at" in part and "Unmistakable" not in part
        assert not re.search(r"evil\.example|https?://(?!127\.0\.0\.1:8000)", part), part


def test_case_25_and_there_is_an_end_to_them(client, acme):
    api, statuses = Program(client, acme), []
    for _ in range(limits.INVITED.most + 1):
        made = api.post("/members", email=GIL, role="member")
        statuses.append(made.status_code)
        if made.status_code == 201:
            api.delete(f"/members/{made.json['id']}")
    assert statuses == [201] * limits.INVITED.most + [429]
