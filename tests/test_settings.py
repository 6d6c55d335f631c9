"""The settings as owners change them, and as everyone else of the team reads them."""

import re
from html import unescape

import pytest
from browser import Browser
from calls import call
from cast import ADA, BEN, EVE

from service import db
from service.errors import Conflict, Invalid
from service.feedback import general, keys, languages, workspaces
from service.feedback.versions import version

EVENTS = "SELECT type, data FROM event WHERE workspace_id = %(workspace)s AND type LIKE 'workspace.%%' ORDER BY seq"
PAGES = ("", "/general", "/brand", "/identity", "/boards", "/statuses", "/tags", "/fields", "/team", "/keys", "/webhooks")


@pytest.fixture
def ada(client, acme):
    return Browser(client).sign_in(ADA)


@pytest.fixture
def ben(client, acme):
    return Browser(client).sign_in(BEN)


def texts(page) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def happened(company) -> list[tuple]:
    return db.rows(EVENTS, workspace=company.workspace.id)


# ── every page of them ──────────────────────────────────────────────────────────────────────────────────────────────


def test_members_read_every_page_and_find_no_form_in_it(ben):
    for page in PAGES:
        text = ben.open(f"/app/acme/settings{page}").text
        assert "Owners and admins change these settings" in text, page
        assert set(re.findall(r'name="do" value="([^"]+)"', text)) <= {"test", "move", "rename"}, page  # a name is one's own


@pytest.mark.parametrize(("page", "does"), [
    ("", "origins"), ("/general", "change"), ("/identity", "secret"), ("/boards", "create"), ("/statuses", "delete"),
    ("/tags", "change"), ("/fields", "move"), ("/team", "invite"), ("/team", "remove"), ("/keys", "make"), ("/keys", "end"),
    ("/webhooks", "create"),
])  # fmt: skip
def test_case_61_a_plain_member_changes_none(ben, acme, page, does):
    ben.open(f"/app/acme/settings{page}")
    sent = ben.send(f"/app/acme/settings{page}", do=does, name="Mine", email=EVE, origins="https://evil.example", key="open")
    assert sent.status_code == 403
    assert workspaces.by_slug("acme").origins == [] and db.row("SELECT count(*) FROM identity_secret") == (0,)
    assert happened(acme) == []


# ── the tag and the sites that may carry it ─────────────────────────────────────────────────────────────────────────


def test_the_tag_is_shown_in_the_words_of_every_framework(ada, acme):
    page = texts(ada.open("/app/acme/settings"))
    assert f'data-key="{acme.widget_key}"' in page and "script-src http://127.0.0.1:8000;" in page
    for name in ("React", "Vue", "Next.js", "Rails", "Django", "WordPress", "Tag Manager"):
        assert name in page, name
    assert page.count(acme.widget_key) == 8


def test_origins_are_kept_as_browsers_send_them(ada, acme):
    assert "any site can show your widget" in texts(ada.open("/app/acme/settings"))
    lines = "https://app.acme.example:443/\n\n HTTP://localhost:3000 \nhttp://localhost:3000"
    assert ada.send("/app/acme/settings", do="origins", origins=lines).status_code == 303
    assert workspaces.by_slug("acme").origins == ["https://app.acme.example", "http://localhost:3000"]
    assert "any site can show" not in texts(ada.open("/app/acme/settings"))
    assert ada.send("/app/acme/settings", do="origins", origins=lines).status_code == 303
    assert happened(acme) == [("workspace.updated", {"changed": ["origins"]})]


@pytest.mark.parametrize("line", ["*", "acme.example", "https://", "https://a.example/path", "javascript:alert(1)",
                                  "https://a b", "https://a@b", "\0x", "https://" + "x" * 400])  # fmt: skip
def test_a_line_that_is_no_origin_is_named_and_nothing_is_lost(ada, line):
    ada.open("/app/acme/settings")
    page = ada.send("/app/acme/settings", do="origins", origins=f"https://ok.example\n{line}")
    assert page.status_code == 422 and "is not an origin" in page.text and "https://ok.example" in page.text
    assert workspaces.by_slug("acme").origins == []


def test_what_another_member_saved_meanwhile_is_not_overwritten_unseen(ada, acme):
    ada.open("/app/acme/settings")
    general.set_origins(acme.team, "https://first.example")
    page = ada.send("/app/acme/settings", do="origins", origins="https://second.example", seen=version())
    assert page.status_code == 409
    assert "Somebody changed this meanwhile" in page.text and "https://second.example" in page.text
    assert workspaces.by_slug("acme").origins == ["https://first.example"]
    seen = re.search(r'name="seen" value="(\w+)"', page.text)[1]
    assert ada.send("/app/acme/settings", do="origins", origins="https://second.example", seen=seen).status_code == 303
    assert workspaces.by_slug("acme").origins == ["https://second.example"]


def test_the_preview_carries_the_tag_under_a_customers_policy_and_only_we_may_frame_it(ada, acme, client):
    page = ada.open("/app/acme/settings/preview")
    assert f'data-key="{acme.widget_key}"' in page.text
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'self'" in policy and "trusted-types 'none'" in policy and "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in ada.open("/app/acme/settings").headers["content-security-policy"]


def test_the_preview_works_also_when_the_list_names_other_sites(client, acme):
    workspaces.set_origins(acme.workspace, "https://app.acme.example")
    assert call(client, acme, "opening", origin="http://127.0.0.1:8000").status_code == 200
    assert call(client, acme, "opening", origin="http://127.0.0.1:8001").status_code == 403


# ── name, language, minutes ─────────────────────────────────────────────────────────────────────────────────────────


def test_name_language_and_minutes_are_changed_once(ada, acme):
    for _ in range(2):
        ada.open("/app/acme/settings/general")
        sent = ada.send("/app/acme/settings/general", do="change", name=" Acme  Ltd ", language="german", edit_minutes="15")
        assert sent.status_code == 303
    page = ada.open("/app/acme/settings/general")
    assert 'value="Acme Ltd"' in page.text and '<option value="german" selected>' in page.text
    assert general.of(acme.team) == ("Acme Ltd", "german", 15, "no")
    assert happened(acme) == [("workspace.updated", {"changed": ["name", "language", "edit_minutes"]})]


def test_whom_to_ask_for_an_address_is_chosen_once_and_read_by_everyone(ada, ben, acme):
    for _ in range(2):
        ada.open("/app/acme/settings/general")
        sent = ada.send("/app/acme/settings/general", do="change", name="Acme", language="english", edit_minutes="60",
                        ask_email="required")  # fmt: skip
        assert sent.status_code == 303
    assert '<option value="required" selected>' in ada.open("/app/acme/settings/general").text
    assert "Required: no post without one" in texts(ben.open("/app/acme/settings/general"))
    assert happened(acme) == [("workspace.updated", {"changed": ["ask_email"]})]
    ben.send("/app/acme/settings/general", do="change", name="Acme", language="english", edit_minutes="60", ask_email="no")
    refused = ada.send("/app/acme/settings/general", do="change", name="Acme", language="english", edit_minutes="60",
                       ask_email="always")  # fmt: skip
    assert refused.status_code == 422 and "Choose one of: no, optional, required." in texts(refused)
    assert general.of(acme.team).ask_email == "required"


def test_whom_to_ask_that_was_changed_meanwhile_is_not_overwritten_unseen(acme):
    seen = version(*general.of(acme.team))
    general.change(acme.team, ask_email="optional", seen=seen)
    with pytest.raises(Conflict):
        general.change(acme.team, ask_email="no", seen=seen)
    assert general.of(acme.team).ask_email == "optional"


def test_posts_after_it_are_found_by_the_new_language(acme):
    general.change(acme.team, language="german")
    number = acme.post("Rechnungen exportieren")
    found = "SELECT language::text FROM post WHERE workspace_id = %(workspace)s AND number = %(number)s"
    fresh = acme.team._replace(workspace=workspaces.by_slug("acme"))
    assert fresh.workspace.language == "german" and number
    assert db.row(found, workspace=acme.workspace.id, number=number)


@pytest.mark.parametrize(("field", "wrong"), [
    ("name", ""), ("name", "x" * 81), ("language", "klingon"), ("language", "english; DROP"), ("edit_minutes", "-1"),
    ("edit_minutes", "1.5"), ("edit_minutes", "９"), ("edit_minutes", "9" * 30), ("edit_minutes", "10081"),
])  # fmt: skip
def test_a_setting_that_cannot_be_is_named_and_what_was_typed_is_kept(ada, acme, field, wrong):
    ada.open("/app/acme/settings/general")
    fields = {"name": "Typed name", "language": "french", "edit_minutes": "7", field: wrong}
    page = ada.send("/app/acme/settings/general", do="change", **fields)
    assert page.status_code == 422 and f'id="{field}-error"' in page.text
    assert '<option value="french" selected>' in page.text or field == "language"
    assert general.of(acme.team).name == "Acme"


def test_every_language_of_the_list_is_one_that_the_database_knows(acme):
    for language in languages.LANGUAGES:
        assert general.change(acme.team, language=language).language == language
    with pytest.raises(Invalid):
        general.change(acme.team, language="latin")


def test_general_settings_changed_meanwhile_are_a_conflict(acme):
    seen = version(*general.of(acme.team))
    general.change(acme.team, name="Other", seen=seen)
    with pytest.raises(Conflict):
        general.change(acme.team, name="Mine", seen=seen)


# ── secrets and keys ────────────────────────────────────────────────────────────────────────────────────────────────


def test_case_61_a_secret_is_shown_once_and_then_never_again(ada):
    ada.open("/app/acme/settings/identity")
    page = ada.send("/app/acme/settings/identity", do="secret")
    secret = re.search(r'<code id="secret">([^<]+)</code>', page.text)[1]
    assert len(secret) == 43 and page.headers["cache-control"] == "no-store"
    for path in PAGES:
        assert secret not in ada.open(f"/app/acme/settings{path}").text


def test_a_key_is_made_shown_once_used_and_ended(ada, client, acme):
    ada.open("/app/acme/settings/keys")
    page = ada.send("/app/acme/settings/keys", do="make", name="Import", scopes="write", ends="30")
    secret = re.search(r'<code id="api-key">([^<]+)</code>', page.text)[1]
    head = {"Authorization": f"Bearer {secret}"}
    assert client.simulate_post("/api/v1/posts", json={"title": "By a program"}, headers=head).status_code == 201
    page = ada.open("/app/acme/settings/keys")
    assert secret not in page.text and secret[:14] in page.text
    for words in ("Import", "write", "by Ada", "used just now", "ends "):
        assert words in texts(page), words
    [made] = keys.of(acme.team)
    assert ada.send("/app/acme/settings/keys", do="end", key=made.id).status_code == 303
    assert client.simulate_get("/api/v1/posts", headers=head).status_code == 401
    ada.open("/app/acme/settings/keys")
    assert ada.send("/app/acme/settings/keys", do="end", key=made.id).status_code == 404


WRONG_KEYS = [("name", ""), ("scopes", ""), ("scopes", "owner"), ("ends", "-1"), ("ends", "x")]


@pytest.mark.parametrize(("field", "wrong"), WRONG_KEYS)
def test_a_key_that_cannot_be_made_is_not(ada, acme, field, wrong):
    ada.open("/app/acme/settings/keys")
    fields = {"name": "Typed name", "scopes": "read", "ends": "", field: wrong}
    page = ada.send("/app/acme/settings/keys", do="make", **fields)
    assert page.status_code == 422 and f'id="{field}-error"' in page.text
    assert keys.of(acme.team) == []


def test_the_key_of_another_workspace_cannot_be_ended(ada, acme, globex):
    globex.api_key  # noqa: B018 (makes one)
    [theirs] = keys.of(globex.team)
    for wrong in (theirs.id, "x", "", "9" * 40):
        ada.open("/app/acme/settings/keys")
        assert ada.send("/app/acme/settings/keys", do="end", key=wrong).status_code == 404
    assert keys.of(globex.team) == [theirs]
