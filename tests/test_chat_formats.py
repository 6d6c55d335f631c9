"""What Slack, Discord and Microsoft Teams are told: a sentence, in which people's words are nothing but words."""

import json
import re

import pytest
from cast import DAN

from service import chat_formats, db, payloads
from service.feedback import activity, comments, edits, endpoints, planning, votes
from service.feedback.workspaces import Workspace

HOME = "https://feedback.acme.example/posts/12"
POST = {"number": 12, "title": "Dark mode", "body": "My eyes hurt.", "board": "features", "votes": 10, "url": HOME,
        "author": {"name": "Ada"}, "status": {"key": "planned", "name": "Planned"}}  # fmt: skip
BASE = {"event_id": 7, "actor": {"kind": "user", "id": "ada", "name": "Ada"}, "post": POST,
        "user": {"id": "ada", "name": "Ada"}}  # fmt: skip
COMMENT = {"id": 3, "body": "Me too.", "author": {"name": "Bo"}, "internal": False}
ENTRY = {"id": 2, "title": "Night themes", "body": "They are here.", "url": "https://feedback.acme.example/changelog/2"}
SENTENCES = [
    ("post.created", {}, "Ada posted: Dark mode"),
    ("post.updated", {"changed": ["title", "board"]}, "Ada changed Dark mode (title, board)"),
    ("post.deleted", {"post": {"number": 12}}, "#12 was deleted"),
    ("post.restored", {}, "Dark mode was brought back"),
    ("post.status_changed", {"from": "open", "to": "planned", "name": "Planned"}, "Dark mode is now Planned"),
    ("post.merged", {"into": 3}, "Dark mode was merged into #3"),
    ("post.unmerged", {"from": 3}, "Dark mode is no longer merged into #3"),
    ("vote.created", {"votes": 10}, "Dark mode has 10 votes"),
    ("vote.deleted", {"votes": 1}, "Dark mode has 1 vote"),
    ("comment.created", {"comment": COMMENT}, "Bo commented on Dark mode"),
    ("comment.updated", {"comment": COMMENT}, "Bo changed a comment on Dark mode"),
    ("comment.deleted", {"comment": 3}, "Ada deleted a comment on Dark mode"),
    ("changelog.published", {"entry": ENTRY}, "New in the changelog: Night themes"),
    ("user.identified", {"changed": ["email"]}, "New about Ada: email"),
    ("user.erased", {"user": None}, "A user was erased, with all that was kept of them"),
    ("webhook.test", {"endpoint": 1}, "Sayso can reach this channel. This was a test."),
]
HOSTILE = ["<!channel> <@U123> &lt;!here&gt;", "@everyone <@123> <@&9>", "[x](javascript:alert(1))",
           "<script>alert(1)</script>", "*bold* _it_ ~~s~~ `code` ||spoiler||", "# head\n- item\n> quote\n1. one",
           "<at>Everyone</at> {{DATE(2026-01-01T00:00:00Z)}}", "https://evil.example/?a=1", "\\", "x" * 5_000, "*" * 5_000,
           "<&>" * 2_000, "😀" * 3_000, "مرحبا بالعالم"]  # fmt: skip


HAPPENED = "SELECT seq FROM event WHERE type = ANY(%(types)s) ORDER BY seq"
ACME = Workspace(*[None] * len(Workspace._fields))._replace(name="Acme")


def tell(format: str, type: str, **data) -> dict | None:
    body = chat_formats.message(format, type, {**BASE, **data}, ACME)
    return body and json.loads(body)


def slack_text(block: dict) -> str:
    return "".join(each["text"] for each in block["elements"][0]["elements"])


def in_discord(text: str) -> str:
    """What Discord shows of a text in which every sign is escaped; fails for one that is not."""
    assert not re.sub(r"\\[!-/:-@\[-`{-~]", "", text).translate({ord(char): None for char in "…"}).count("\\")
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", text)
    assert not re.search(r"[!-/:-@\[-`{-~]", bare), bare
    return re.sub(r"\\(.)", r"\1", text)


def card(message: dict) -> dict:
    return message["attachments"][0]["content"]


def card_rows(message: dict) -> list[str]:
    return ["".join(run["text"] for run in row["inlines"]) for row in card(message)["body"]]


def test_every_type_of_a_webhook_has_a_sentence():
    assert set(chat_formats.SENTENCES) == set(endpoints.TYPES) == {type for type, _, _ in SENTENCES}
    assert set(chat_formats.FORMATS) == set(endpoints.FORMATS) - {"standard"}


@pytest.mark.parametrize(("type", "data", "sentence"), SENTENCES)
def test_each_chat_is_told_the_same_sentence(type, data, sentence):
    slack, discord, teams = (tell(format, type, **data) for format in ("slack", "discord", "teams"))
    assert slack["text"] == slack_text(slack["blocks"][0]) == sentence
    assert in_discord(discord["embeds"][0]["title"]) == sentence
    assert card_rows(teams)[0] == sentence


def test_a_message_leads_to_the_post_and_says_its_board_and_votes():
    slack, discord, teams = (tell(format, "post.created") for format in ("slack", "discord", "teams"))
    title = slack["blocks"][0]["elements"][0]["elements"][1]
    assert title == {"type": "link", "url": HOME, "text": "Dark mode", "style": {"bold": True}}
    assert slack["blocks"][0]["elements"][1]["elements"] == [{"type": "text", "text": "My eyes hurt."}]
    facts = slack["blocks"][1]["elements"][0]["text"]
    assert facts == discord["embeds"][0]["footer"]["text"] == card_rows(teams)[-1] == "Acme · features · 10 votes"
    assert discord["embeds"][0]["url"] == card(teams)["actions"][0]["url"] == HOME
    assert in_discord(discord["embeds"][0]["description"]) == card_rows(teams)[1] == "My eyes hurt."


def test_what_really_happens_is_told(acme):
    number = acme.post()
    votes.cast(acme.reader(DAN), number)
    planning.set_status(acme.team, number, "planned", "In spring.")
    comments.create(acme.writer, number, "Which pages?", official=True)
    comments.create(acme.writer, number, "Not before June.", internal=True)
    edits.delete(acme.team, number)
    found = [activity.find(acme.workspace.id, seq) for (seq,) in db.rows(HAPPENED, types=list(chat_formats.SENTENCES))]
    for format in chat_formats.FORMATS:
        untold = [event for event in found if payloads.body(event, format) is None]
        assert [event.data.get("internal") for event in untold] == [True]
    assert json.loads(payloads.body(found[-1], "slack"))["text"] == f"#{number} was deleted"


def test_a_status_is_told_with_its_note():
    assert card_rows(tell("teams", "post.status_changed", name="Planned", note="In spring."))[1] == "In spring."


def test_the_messages_have_the_documented_shape():
    slack, discord, teams = (tell(format, "post.created") for format in ("slack", "discord", "teams"))
    assert [block["type"] for block in slack["blocks"]] == ["rich_text", "context"] and slack["mrkdwn"] is False
    assert discord["allowed_mentions"] == {"parse": []} and set(discord) == {"embeds", "allowed_mentions"}
    assert teams["type"] == "message" and card(teams)["type"] == "AdaptiveCard"
    assert teams["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"


@pytest.mark.parametrize("format", chat_formats.FORMATS)
def test_notes_that_only_members_see_are_not_told(format):
    for type in ("comment.created", "comment.updated"):
        assert tell(format, type, comment={**COMMENT, "internal": True}) is None
    assert tell(format, "comment.deleted", comment=3, internal=True) is None


@pytest.mark.parametrize("format", chat_formats.FORMATS)
def test_of_what_is_not_for_endpoints_nothing_is_told(format):
    assert tell(format, "key.created") is None


def hostile(words: str) -> list[tuple[str, dict]]:
    """Every place in which people's words can stand."""
    post = {**POST, "title": words, "body": words, "author": {"name": words}, "status": {"name": words}, "board": words}
    return [("post.created", {"post": post}), ("post.status_changed", {"post": post, "name": words, "note": words}),
            ("comment.created", {"post": post, "comment": {**COMMENT, "body": words, "author": {"name": words}}}),
            ("changelog.published", {"entry": {**ENTRY, "title": words, "body": words}}),
            ("user.identified", {"user": {"id": words, "name": words}, "changed": ["name"]})]  # fmt: skip


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_peoples_words_are_neither_markup_nor_mentions_in_slack(words):
    for type, data in hostile(words):
        message = tell("slack", type, **data)
        below = message["blocks"][1]["elements"][0]
        assert below["type"] == "plain_text" and not below["emoji"]
        for parsed in (message["text"], below["text"]):
            assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", parsed)
        elements = [each for part in message["blocks"][0]["elements"] for each in part["elements"]]
        assert {each["type"] for each in elements} <= {"text", "link"} and all(each["text"] for each in elements)
        assert {each["url"] for each in elements if "url" in each} <= {HOME, ENTRY["url"]}
        assert all(len(each["text"]) <= 3_000 for each in elements) and len(message["text"]) <= 4_000


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_peoples_words_are_neither_markup_nor_mentions_in_discord(words):
    for type, data in hostile(words):
        message = tell("discord", type, **data)
        [embed] = message["embeds"]
        in_discord(embed["title"])
        in_discord(embed.get("description", ""))
        lengths = [len(embed["title"]), len(embed.get("description", "")), len(embed["footer"]["text"])]
        assert lengths[0] <= 256 and lengths[1] <= 4096 and lengths[2] <= 2048 and sum(lengths) <= 6000
        assert "content" not in message and message["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize("words", HOSTILE, ids=range(len(HOSTILE)))
def test_peoples_words_are_neither_markup_nor_mentions_in_teams(words):
    for type, data in hostile(words):
        message = tell("teams", type, **data)
        assert len(json.dumps(message)) < 28_000 and "entities" not in json.dumps(message)
        for row in card(message)["body"]:
            assert row["type"] == "RichTextBlock" and {each["type"] for each in row["inlines"]} == {"TextRun"}
            assert not any("{{" in each["text"] for each in row["inlines"])
        assert {each["url"] for each in card(message).get("actions", ())} <= {HOME, ENTRY["url"]}


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://a.example/ <script>", "", None])
def test_only_addresses_of_pages_become_links(address):
    for format in chat_formats.FORMATS:
        assert not re.search(r'"(url|actions)"', json.dumps(tell(format, "post.created", post={**POST, "url": address})))
