"""A board at the customer's own domain: who may have it, what stands there, and where links lead from then on."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from browser import FORM, Browser
from cast import ADA, CLEO
from falcon.testing import TestClient

from service import db
from service.errors import Invalid
from service.feedback import boards, brand, changelog, merges, workspaces
from service.web.app import create_app
from service.web.guards import user_token

BASE, DOMAIN = "https://sayso.example", "feedback.acme.example"


@pytest.fixture
def secure(settings, here):
    """The application behind HTTPS, at https://sayso.example."""
    config = dataclasses.replace(settings, base_url=BASE, stream_url=f"{BASE}/stream", stripe_secret_key="sk_test")
    return TestClient(create_app(config), headers={"Host": "sayso.example"})


@pytest.fixture
def acme(acme):
    """Acme, which has named its domain."""
    brand.set_domain(acme.team, DOMAIN, BASE)
    return acme


def at(client, path: str, host: str = DOMAIN, method: str = "GET", **more):
    headers = {"Host": host, **more.pop("headers", {})}
    return client.simulate_request(method, path, headers=headers, **more)


def fresh(company):
    return workspaces.find(company.workspace.id)


# ── who may have it ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("said", "kept"), [
    ("Feedback.ACME.example", DOMAIN), (" https://feedback.acme.example/ ", DOMAIN), ("feedback.acme.example.", DOMAIN),
    ("bücher.example", "xn--bcher-kva.example"), ("", None),
])  # fmt: skip
def test_a_domain_is_kept_as_the_dns_writes_it(globex, said, kept):
    brand.set_domain(globex.team, "before.globex.example", BASE)
    for _ in range(2):
        brand.set_domain(globex.team, said, BASE)
    assert fresh(globex).domain == kept


@pytest.mark.parametrize("wrong", [
    "localhost", "acme", "127.0.0.1", "[::1]", "::1", "acme.example:8443", "acme.example/board", "http://acme.example",
    "a b.example",
    "acme..example", "-acme.example", "faß.example", "sayso.example", "x.sayso.example", "*.acme.example", "a@acme.example",
    "acme.123", "x" * 300 + ".example", "acme.example?x", "acme_x.example",
])  # fmt: skip
def test_what_is_no_domain_of_theirs_is_refused(globex, wrong):
    with pytest.raises(Invalid):
        brand.set_domain(globex.team, wrong, BASE)
    assert fresh(globex).domain is None


def test_without_https_there_is_none_and_the_page_says_so(client, acme):
    ada = Browser(client).sign_in(ADA)
    brand.set_domain(acme.team, "", BASE)
    page = ada.open("/app/acme/settings/brand")
    assert "runs without HTTPS" in page.text and 'id="domain"' not in page.text
    assert ada.send("/app/acme/settings/brand", do="domain", domain="x.acme.example").status_code == 422
    assert at(client, "/").status_code == 200 and "Acme" not in at(client, "/").text


def test_a_claim_that_has_never_worked_can_be_taken_over_and_one_that_works_cannot(acme, globex, secure):
    brand.set_domain(globex.team, DOMAIN, BASE)
    assert (fresh(acme).domain, fresh(globex).domain) == (None, DOMAIN)
    assert at(secure, "/").status_code == 200 and fresh(globex).domain_works
    with pytest.raises(Invalid):
        brand.set_domain(acme.team, DOMAIN, BASE)
    assert fresh(globex).domain == DOMAIN


def test_two_who_claim_one_domain_at_once_do_not_both_have_it(acme, globex):
    def claim(company):
        with db.connected():
            brand.set_domain(company.team, "new.example.net", BASE)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(claim, [acme, globex]))
    assert sorted([fresh(acme).domain, fresh(globex).domain], key=str) == [None, "new.example.net"]


# ── whether a certificate may be had ────────────────────────────────────────────────────────────────────────────────


def test_caddy_is_told_which_domains_are_ours_and_nobody_else_is(acme, client):
    def asked(domain, address="127.0.0.1"):
        answer = client.simulate_get("/internal/domain", params={"domain": domain}, remote_addr=address)
        return answer.status_code, answer.text

    assert asked(DOMAIN) == (200, "") == asked("Feedback.Acme.Example") == asked(DOMAIN, "::1")
    for wrong in ("acme.example", "", "x" * 1_000, "ä.example", "acme", "'; --", "127.0.0.1", DOMAIN + "\n"):
        assert asked(wrong) == (404, ""), wrong
    for elsewhere in ("10.0.0.1", "203.0.113.9", "2001:db8::1", "nonsense"):
        assert asked(DOMAIN, elsewhere) == (404, ""), elsewhere
    assert client.simulate_get("/internal/domain").status_code == 404
    assert client.simulate_get("/internal/domain?domain=a&domain=b").status_code == 404
    assert client.simulate_get("/internal/domain?domain=%00").status_code == 400


# ── what stands there ───────────────────────────────────────────────────────────────────────────────────────────────


def test_the_board_and_its_posts_stand_at_the_root(acme, secure):
    acme.post("Dark mode")
    board, post = at(secure, "/"), at(secure, "/posts/1")
    assert "Dark mode" in board.text and "Dark mode" in post.text
    assert "/b/acme" not in board.text + post.text
    assert f'<link rel="canonical" href="https://{DOMAIN}/posts/1">' in post.text
    assert f'<link rel="canonical" href="https://{DOMAIN}/posts/1">' in secure.simulate_get("/b/acme/posts/1").text


def test_its_forms_remember_their_visitor_in_a_cookie_of_this_host(acme, secure):
    acme.post("Dark mode")
    voted = at(secure, "/posts/1", method="POST", body="do=vote&number=1",
               headers={"Content-Type": FORM, "Origin": f"https://{DOMAIN}", "Sec-Fetch-Site": "same-origin"})  # fmt: skip
    assert (voted.status_code, voted.headers["location"]) == (303, "/posts/1")
    [cookie] = voted.cookies.values()
    assert cookie.name == f"__Host-sayso-{DOMAIN}" and cookie.secure and cookie.http_only
    again = at(secure, "/posts/1", headers={"Cookie": f"{cookie.name}={cookie.value}"})
    assert 'aria-pressed="true"' in again.text
    foreign = at(secure, "/posts/1", method="POST", body="do=vote&number=1",
                 headers={"Content-Type": FORM, "Origin": "https://evil.example"})  # fmt: skip
    assert foreign.status_code == 403


def test_who_somebody_is_at_one_board_says_nothing_at_another(acme, globex, secure):
    globex.post("Theirs")
    signed = user_token("visitor", acme.workspace, acme.user(CLEO))
    brand.set_domain(globex.team, "ideas.globex.example", BASE)
    page = at(secure, "/", "ideas.globex.example", headers={"Cookie": f"__Host-sayso-ideas.globex.example={signed}"})
    assert page.status_code == 200 and "Cleo" not in page.text


def test_nothing_but_the_board_is_there(acme, secure):
    for path in ("/app", "/app/acme/inbox", "/app/sign-in", "/api/v1/posts", "/api/docs", "/b/acme", "/b/globex", "/docs",
                 "/demo", "/w.js"):  # fmt: skip
        assert at(secure, path).status_code == 404, path
    assert at(secure, "/static/board.css").status_code == 200
    assert secure.simulate_get(f"/b/{DOMAIN}").status_code == 404, "a domain is no slug"


@pytest.mark.parametrize("host", [
    "nowhere.example", "acme.example", "x." + DOMAIN, "127.0.0.1", "[::1]", "[::1", "", ".", "..", "a" * 5000, "acme", "%2e",
    "feedback.acme.example@evil.example", "feedback.acme.example/x", "é.example", "a b", "{slug}", "-",
    "feedback.acme.example:x",
])  # fmt: skip
def test_a_host_that_nobody_has_is_not_found_whatever_it_is(acme, secure, host):
    for path in ("/", "/posts/1", "/logo", "/sitemap.xml"):
        answer = at(secure, path, host.encode().decode("latin-1"))
        assert answer.status_code in (400, 404) and "Acme" not in answer.text, path


def test_a_port_and_a_final_dot_make_no_other_domain(acme, secure):
    for host in (f"{DOMAIN}:443", f"{DOMAIN}.", DOMAIN.upper()):
        assert "Acme" in at(secure, "/", host).text, host


# ── where links lead ────────────────────────────────────────────────────────────────────────────────────────────────


def test_links_lead_there_from_its_first_visitor_on(acme, secure):
    acme.post("Dark mode")
    entry = changelog.create(acme.team, "News", published_at=None)

    def urls():
        return [secure.simulate_get(path, headers=acme.bearer()).json["url"]
                for path in ("/api/v1/posts/1", f"/api/v1/changelog/{entry.id}")]  # fmt: skip

    paths = ["/posts/1", f"/changelog/{entry.id}"]
    assert urls() == [f"{BASE}/b/acme{path}" for path in paths]
    assert f'href="{BASE}/b/acme/posts/1"' in secure.simulate_get("/b/acme/posts/1").text
    at(secure, "/")
    assert urls() == [f"https://{DOMAIN}{path}" for path in paths]
    assert f"<loc>https://{DOMAIN}/posts/1</loc>" in secure.simulate_get("/b/acme/sitemap.xml").text
    brand.set_domain(acme.team, "other.acme.example", BASE)
    assert urls() == [f"{BASE}/b/acme{path}" for path in paths], "the new one has not worked yet"


def test_live_updates_come_from_the_same_host(acme, secure):
    ticket = at(secure, "/ticket").json["stream_url"]
    assert ticket.startswith(f"https://{DOMAIN}/stream?ticket=")
    assert secure.simulate_get("/b/acme/ticket").json["stream_url"].startswith(f"{BASE}/stream?ticket=")


def test_robots_are_shown_the_sitemap_there_or_sent_away(acme, secure):
    at(secure, "/")
    said = at(secure, "/robots.txt")
    assert said.headers["content-type"].startswith("text/plain")
    assert f"Sitemap: https://{DOMAIN}/sitemap.xml" in said.text and "Disallow: /me" in said.text
    ours = secure.simulate_get("/robots.txt").text
    assert "Disallow: /app" in ours and "acme" not in ours and "Sitemap" not in ours
    assert secure.simulate_get("/b/acme/robots.txt").status_code == 404
    brand.set_indexed(acme.team, False)
    assert at(secure, "/robots.txt").text == "User-agent: *\nDisallow: /\n"
    assert at(secure, "/sitemap.xml").status_code == 404


def test_the_badge_leads_to_us_and_not_to_the_customer(acme, secure):
    page = at(secure, "/").text
    assert "Runs on Sayso" in page and f'href="{BASE}"' in page


def test_the_sitemap_names_what_everyone_may_read_and_nothing_else(acme, globex, client):
    boards.create(acme.team, "inside", "Inside", "", "private")
    boards.create(acme.team, "checked", "Checked", "", "public", approve_first=True)
    into, merged, _ = acme.post("One"), acme.post("Two"), acme.post("Secret", public=False, board="inside")
    acme.post("Not yet", board="checked")
    globex.post("Theirs")
    merges.merge(acme.team, merged, into)
    entry = changelog.create(acme.team, "News", published_at=datetime(2026, 1, 1, tzinfo=UTC))
    changelog.create(acme.team, "Draft")
    answer = client.simulate_get("/b/acme/sitemap.xml")
    found = {url[0].text: url[1:] for url in ElementTree.fromstring(answer.content)}
    home = "http://127.0.0.1:8000/b/acme"
    paths = ["", "/roadmap", "/changelog", f"/changelog/{entry.id}", f"/posts/{into}"]
    assert list(found) == [home + path for path in paths]
    assert all(datetime.fromisoformat(more[0].text).tzinfo for more in list(found.values())[3:])
    assert answer.headers["content-type"].startswith("application/xml")
    statuses = [client.simulate_get("/b/acme/sitemap.xml").status_code for _ in range(21)]
    assert set(statuses) == {200, 429}


def test_the_page_says_what_record_to_make_and_since_when_it_works(acme, secure):
    ada = Browser(secure).sign_in(ADA)
    page = ada.open("/app/acme/settings/brand").text
    assert "Waiting for your DNS" in page and "<code>CNAME</code>" in page and "<code>sayso.example</code>" in page
    at(secure, "/")
    page = ada.open("/app/acme/settings/brand").text
    assert "Works since" in page and f'href="https://{DOMAIN}"' in page
    assert ada.send("/app/acme/settings/brand", do="domain", domain="x.sayso.example").status_code == 422
    assert ada.send("/app/acme/settings/brand", do="domain", domain="").status_code == 303 and fresh(acme).domain is None
