"""What is told to a chat: one sentence of what happened, in the form in which Slack, Discord or Microsoft Teams takes it.

People's words stay words there: Slack and Teams are given text in which nothing is markup, Discord every sign escaped."""

import re
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from service.feedback.workspaces import Workspace

LONGEST_NAME, LONGEST_TITLE, LONGEST_QUOTE, LONGEST_LINE = 80, 200, 300, 200  # characters that are shown of them
DISCORD_TITLE = 256  # characters, escaped
BLUE = 0x2563EB
SLACK_SIGNS = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
DISCORD_SIGNS = re.compile(r"([!-/:-@\[-`{-~])")  # every ASCII one: a backslash before one that means nothing is not shown
LINK = re.compile(r"https?://[^\s<>]+")
CARD = "application/vnd.microsoft.card.adaptive"


class Said(NamedTuple):
    """A sentence with the name of a thing in its middle, which leads to that thing."""

    before: str
    title: str
    after: str = ""
    quote: str = ""
    url: str | None = None
    facts: tuple[str, ...] = ()  # board, votes

    @property
    def sentence(self) -> str:
        return self.before + self.title + self.after


def message(format: str, type: str, data: dict, workspace: Workspace) -> bytes | None:
    """The body for an endpoint of this format about an event of this type; `data` is that of a webhook's body. None when a
    chat is told nothing of it: of notes that only members see."""
    said = SENTENCES[type](data) if type in SENTENCES else None
    if said is None:
        return None
    return msgspec.json.encode(FORMATS[format](said, line([workspace.name, *said.facts])))


# ── sentences ───────────────────────────────────────────────────────────────────────────────────────────────────────


def posted(data: dict) -> Said:
    return of_post(data, f"{author(data, 'post')} posted: ", quote=text_of(data, "post", "body"))


def changed(data: dict) -> Said:
    return of_post(data, f"{actor(data)} changed ", f" ({what})" if (what := ", ".join(words(data.get("changed")))) else "")


def moved(data: dict) -> Said:
    status = data.get("name") or (data["post"].get("status") or {}).get("name") or data.get("to")
    return of_post(data, "", f" is now {one_line(status, LONGEST_NAME)}", quote=one_line(data.get("note"), LONGEST_QUOTE))


def merged(data: dict) -> Said:
    return of_post(data, "", f" was merged into #{data.get('into')}")


def unmerged(data: dict) -> Said:
    return of_post(data, "", f" is no longer merged into #{data.get('from')}")


def counted(data: dict) -> Said:
    return of_post(data, "", f" has {votes(data.get('votes', data['post'].get('votes', 0)))}", facts=("board",))


def on_post(before: str, after: str = "") -> Callable[[dict], Said]:
    """What is said of a post of which nothing more is known."""
    return lambda data: of_post(data, before, after)


def commented(verb: str) -> Callable[[dict], Said | None]:
    def said(data: dict) -> Said | None:
        comment = data.get("comment")
        comment = comment if isinstance(comment, dict) else {}
        if comment.get("internal") or data.get("internal"):
            return None
        return of_post(data, f"{author(data, 'comment')} {verb} ", quote=text_of(data, "comment", "body"))

    return said


def published(data: dict) -> Said:
    entry = data.get("entry") if isinstance(data.get("entry"), dict) else {}
    return Said("New in the changelog: ", one_line(entry.get("title"), LONGEST_TITLE) or "an entry",
                quote=one_line(entry.get("body"), LONGEST_QUOTE), url=link(entry.get("url")))  # fmt: skip


def identified(data: dict) -> Said:
    user, what = data.get("user") or {}, ", ".join(words(data.get("changed")))
    name = one_line(user.get("name") or user.get("id"), LONGEST_NAME) or "a user"
    return Said("New about ", name, f": {what}" if what else "")


def erased(_data: dict) -> Said:
    return Said("", "A user", " was erased, with all that was kept of them")


def tested(_data: dict) -> Said:
    return Said("", "Sayso", " can reach this channel. This was a test.")


SENTENCES: dict[str, Callable[[dict], Said | None]] = {
    "post.created": posted, "post.updated": changed, "post.deleted": on_post("", " was deleted"),
    "post.restored": on_post("", " was brought back"), "post.status_changed": moved, "post.merged": merged,
    "post.unmerged": unmerged, "vote.created": counted, "vote.deleted": counted,
    "comment.created": commented("commented on"), "comment.updated": commented("changed a comment on"),
    "comment.deleted": commented("deleted a comment on"), "changelog.published": published, "user.identified": identified,
    "user.erased": erased, "webhook.test": tested,
}  # fmt: skip


def of_post(data: dict, before: str, after: str = "", quote: str = "", facts: tuple[str, ...] = ("board", "votes")) -> Said:
    """A sentence about the event's post; one that is gone has no more than its number."""
    post = data["post"]
    known = {"board": post.get("board"), "votes": votes(post["votes"]) if "votes" in post else None}
    title = one_line(post.get("title"), LONGEST_TITLE) or f"#{post['number']}"
    return Said(before, title, after, quote, link(post.get("url")), tuple(known[each] for each in facts if known[each]))


def author(data: dict, thing: str) -> str:
    """Who wrote the post or the comment."""
    wrote = data[thing].get("author") if isinstance(data.get(thing), dict) else None
    return one_line((wrote or {}).get("name"), LONGEST_NAME) or actor(data)


def actor(data: dict) -> str:
    return one_line((data.get("actor") or {}).get("name"), LONGEST_NAME) or "Somebody"


def votes(count: int) -> str:
    return "1 vote" if count == 1 else f"{count:,} votes"


def text_of(data: dict, thing: str, field: str) -> str:
    return one_line(data[thing].get(field), LONGEST_QUOTE) if isinstance(data.get(thing), dict) else ""


def words(value) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def one_line(text: str | None, most: int) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def line(facts: list[str]) -> str:
    return one_line(" · ".join(facts), LONGEST_LINE)


def link(url: str | None) -> str | None:
    return url if url and LINK.fullmatch(url) else None


# ── forms ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def slack(said: Said, facts: str) -> dict:
    """Blocks of rich text, which is never parsed; `text` is for notifications and old clients, where & < > are signs."""
    title = {"type": "link", "url": said.url} if said.url else {"type": "text"}
    elements = [{"type": "text", "text": said.before}, {**title, "text": said.title, "style": {"bold": True}},
                {"type": "text", "text": said.after}]  # fmt: skip
    rich = [{"type": "rich_text_section", "elements": [each for each in elements if each["text"]]}]
    if said.quote:
        rich.append({"type": "rich_text_quote", "elements": [{"type": "text", "text": said.quote}]})
    below = {"type": "plain_text", "text": facts.translate(SLACK_SIGNS), "emoji": False}
    return {
        "text": said.sentence.translate(SLACK_SIGNS), "mrkdwn": False, "unfurl_links": False, "unfurl_media": False,
        "blocks": [{"type": "rich_text", "elements": rich}, {"type": "context", "elements": [below]}],
    }  # fmt: skip


def discord(said: Said, facts: str) -> dict:
    """An embed, whose footer is plain text; nobody is mentioned."""
    embed = {
        "title": escaped(said.sentence, DISCORD_TITLE), "url": said.url, "description": escaped(said.quote) or None,
        "color": BLUE, "footer": {"text": facts},
    }  # fmt: skip
    shown = {name: value for name, value in embed.items() if value is not None}
    return {"embeds": [shown], "allowed_mentions": {"parse": []}}


def teams(said: Said, facts: str) -> dict:
    """A card of rich text, which knows no Markdown."""
    sentence = [run(said.before), run(said.title, weight="Bolder"), run(said.after)]
    rows = [sentence, [run(said.quote, isSubtle=True)], [run(facts, isSubtle=True, size="Small")]]
    body = [{"type": "RichTextBlock", "inlines": shown} for row in rows if (shown := [each for each in row if each["text"]])]
    card = {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
            "msteams": {"width": "Full"}, "body": body}  # fmt: skip
    if said.url:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": said.url}]
    return {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}]}


FORMATS: dict[str, Callable[[Said, str], dict]] = {"slack": slack, "discord": discord, "teams": teams}


def run(text: str, **style) -> dict:
    """A piece of a card's text; two braces would begin a date that the card works out."""
    return {"type": "TextRun", "text": re.sub(r"\{(?=\{)", "{\u2060", text), **style}


def escaped(text: str, most: int | None = None) -> str:
    """The same as Discord shows it, with `most` characters, backslashes included."""
    signs = [DISCORD_SIGNS.sub(r"\\\1", char) for char in text]
    if most is None or sum(map(len, signs)) <= most:
        return "".join(signs)
    while sum(map(len, signs)) >= most:
        signs.pop()
    return "".join(signs).rstrip() + "…"
