"""Letters to users in every language, and with whatever people write in them."""

import re
from html import unescape

import pytest
from cast import ADA, CLEO, DAN, Company
from mailboxes import Mailbox, sent_by
from queued import make_due, work_off

from service import db, words
from service.feedback import (
    changelog,
    comments,
    general,
    guests,
    mailings,
    members,
    merges,
    planning,
    questions,
    user_links,
    votes,
    workspaces,
    writing,
)

KINDS = {*mailings.KINDS, guests.LETTER}
WRITTEN = "SELECT kind, subject, text, html FROM letter WHERE to_email = ANY(%(to)s) AND state <> 'waiting' ORDER BY id"
SUE = "sue@customer.example"
HOSTILE = "{{7*7}} {0.__class__} {0} {1} %s %(x)s ${x} <script>alert(1)</script> &amp; \"quotes\" 'n' \u202eevil"
PLACES = re.compile(r"\{\d\}")


def told(company, locale: str, said: str = "") -> dict[str, tuple]:
    """Every kind of letter to users, written to Cleo: (subject, text, html) of each."""
    mailings.subscribe(company.workspace, CLEO["email"], locale)
    cleo, dan = company.reader({**CLEO, "name": f"Cleo {said}"[:80]}), company.reader({**DAN, "name": f"Dan {said}"[:80]})
    number = company.post(f"Wunsch {said}", by=CLEO)
    planning.set_status(company.team, number, "planned", f"Mai {said}")
    questions.ask(company.team, number, f"Wann {said}")
    comments.create(company.writer, number, f"Bald {said}", official=True)
    comments.create(dan, number, f"Ich auch {said}")
    comments.create(dan, number, f"Und wann {said}")
    votes.cast(dan, number)
    post_entry(company, f"Neu {said}", [number])
    post_entry(company, f"Mehr {said}", [])
    work_off()
    make_due()
    work_off()
    merges.merge(company.team, number, company.post(f"Anderer {said}", by=DAN))
    company.user({**CLEO, "locale": locale})
    guest = company.reader({"sub": "sue"})
    db.changed("UPDATE \"user\" SET kind = 'anonymous' WHERE external_id = 'sue'")
    mailings.subscribe(company.workspace, SUE, locale)
    theirs = company.post(f"Gast {said}", by={"sub": "sue"})
    db.changed("UPDATE \"user\" SET kind = 'anonymous' WHERE external_id = 'sue'")
    guests.ask(guest, theirs, guests.Guest(SUE, f"Sue {said}"[:80]), "1.2.3.4")
    work_off()
    found = {kind: rest for kind, *rest in db.rows(WRITTEN, to=[CLEO["email"], SUE])}
    assert set(found) >= KINDS and cleo
    return {kind: found[kind] for kind in KINDS}


def post_entry(company, title: str, posts: list[int]) -> None:
    made = changelog.create(company.team, title, "**Neues**", posts=posts)
    changelog.change(company.team, made.id, published_at=db.row("SELECT now()")[0])


def sentences(said: words.Words) -> list[str]:
    """The fixed parts of what letters say in this language."""
    texts = [text for name, text in said.texts.items() if name.startswith("letter")]
    whole = [form for text in texts for form in (text.values() if isinstance(text, dict) else [text])]
    return [part.strip() for text in whole for part in PLACES.split(text) if len(part.strip()) > 12]


@pytest.mark.parametrize("locale", sorted(words.catalogues()))
def test_every_letter_is_in_its_readers_language_alone(acme, locale):
    said, others = words.catalogues()[locale], [each for tag, each in words.catalogues().items() if tag != locale]
    for kind, (subject, text, html) in told(acme, locale).items():
        whole = f"{subject}\n{text}\n{unescape(html)}"
        assert f'<html lang="{said.tag}" dir="{said.dir}">' in html, kind
        assert any(part in text for part in sentences(said)), (kind, text)
        strange = [part for each in others for part in sentences(each) if part in whole and part not in sentences(said)]
        assert strange == [], kind
        assert not PLACES.search(whole) and "None" not in whole and "\n\n\n" not in text, (kind, text)


@pytest.mark.parametrize("locale", ["de", "ar"])
def test_the_language_is_chosen_or_the_users_or_the_workspaces(acme, locale):
    email = CLEO["email"]

    def tag() -> str:
        return writing.language(workspaces.find(acme.workspace.id), email).tag

    general.change(acme.team, language="french")
    acme.user(CLEO)
    assert tag() == "fr"
    acme.user({**CLEO, "locale": f"{locale}-XX"})
    assert tag() == locale
    mailings.mute(acme.workspace, email, "news")
    assert tag() == locale
    mailings.choose(acme.workspace, email, [], "ja")
    assert tag() == "ja"


def test_what_people_write_is_never_a_template_nor_markup_in_any_letter(here):
    company = company_called(HOSTILE[:79])
    for kind, (subject, text, html) in told(company, "en", HOSTILE[:140]).items():
        if kind != guests.LETTER:
            assert "{{7*7}} {0.__class__} {0} {1} %s" in subject and "{{7*7}} {0.__class__} {0} {1}" in text, kind
        assert "<script>" not in html and "&lt;script" in html, kind
        assert "&lt;" not in subject + text and "&#39;" not in subject + text and "\n" not in subject, kind
        assert "49 " not in text and "<class" not in text + html, kind


def company_called(name: str):
    ada = members.person(ADA, "Ada")
    return Company(members.found(name, ada), ada)


def test_letters_about_a_post_are_one_thread_and_each_can_be_stopped(here, acme):
    box = Mailbox()
    with sent_by(here, box):
        number = acme.post("Line\r\nBcc: victim@customer.example", by=CLEO)
        planning.set_status(acme.team, number, "planned")
        comments.create(acme.reader({**DAN, "name": "Dan\r\nBcc: victim@customer.example"}), number, "Me too")
        comments.create(acme.writer, number, "Soon", official=True)
        post_entry(acme, "Version 2", [number])
        work_off()
        make_due()
        work_off()
    hers = [letter for to, letter in box.received if to == [CLEO["email"]]]
    threads = [letter["References"] for letter in hers]
    domain = hers[0]["Message-ID"].partition("@")[2]
    assert sorted(filter(None, threads)) == [f"<post.{acme.workspace.id}.{number}@{domain}"] * 3
    assert threads == [letter["In-Reply-To"] for letter in hers] and len(hers) == 4
    for letter in hers:
        assert letter["Bcc"] is None and letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert re.fullmatch(r"<https?://\S+/letters/[\w.-]+\?kind=\w+>", letter["List-Unsubscribe"])
        assert letter.get_body(("plain",)) and letter.get_body(("html",))


def test_letters_that_only_a_link_is_in_speak_the_language_of_whoever_asked(acme):
    for purpose in (user_links.SIGN_IN, user_links.SUBSCRIBE):
        for locale, said in words.catalogues().items():
            written = user_links.write(acme.workspace, user_links.Armed(purpose, SUE, locale, "x"), "https://x.example/")
            assert f'lang="{said.tag}" dir="{said.dir}"' in written.html and not PLACES.search(written.text + written.html)
            assert "Acme" in written.subject and said.letterIgnore in written.text
