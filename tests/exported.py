"""Exports in tests: a workspace with one of everything, and what stands in the file that is made of it."""

import io
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

from cast import BEN, CLEO, DAN
from queued import work_off

from service import db
from service.feedback import (
    attachments,
    boards,
    changelog,
    comments,
    companies,
    edits,
    exports,
    fields,
    followers,
    mailings,
    members,
    merges,
    planning,
    segments,
    tags,
    votes,
)

PICTURE = (Path(__file__).parent.parent / "service" / "demo" / "logo.webp").read_bytes()
TEXT = b"2026-01-01 12:00:00 error\n"


def made(company) -> "Opened":
    """The file of an export that is asked for and made now."""
    return opened(company, exports.request(company.team)[0].id)


def opened(company, id: int) -> "Opened":
    work_off()
    return Opened(b"".join(exports.pieces(company.workspace.id, id)))


class Opened(zipfile.ZipFile):
    """The file, read."""

    def __init__(self, data: bytes):
        self.whole = data
        super().__init__(io.BytesIO(data))

    def rows(self, name: str) -> list[dict]:
        return [json.loads(line) for line in self.read(f"{name}.jsonl").splitlines()]

    def sheet(self, name: str) -> str:
        return self.read(f"{name}.csv").decode()

    @property
    def manifest(self) -> dict:
        return json.loads(self.read("manifest.json"))

    @property
    def tables(self) -> dict[str, list[dict]]:
        return {name: self.rows(name) for name in self.manifest["tables"]}


def furnish(acme) -> None:
    """Have one of everything in Acme."""
    team, writer = acme.team, acme.writer
    segments.create(team, "big", "Big customers", [{"field": "company.mrr", "op": "at_least", "value": 1000}])
    boards.create(team, "secret", "Secret", "For us", "private", approve_first=True)
    boards.create(team, "few", "For a few", "", "segments", segments=["big"])
    fields.create(team, "why", "Why?", "long_text", required=True)
    fields.create(team, "size", "Size", "select", options=["S", "L"], board="bugs")
    tags.create(team, "money", "Money", "#112233")
    tags.create(team, "old", "Old")
    companies.put(team, "globo", name="Globo", plan="Free", mrr=0)
    cleo, dan = acme.reader(CLEO), acme.reader({**DAN, "traits": {"role": "admin", "seats": 3}, "segments": ["beta"]})
    sent = [attachments.put(cleo, "../../häßlich?.webp", PICTURE).id, attachments.put(cleo, "log.txt", TEXT).id]
    first = acme.post("Dark mode", "So **dark**.\n\n=1+1", by=CLEO, files=sent, values={"why": "eyes"}, meta={"page": "/a"})
    second = acme.post("Night mode", "", by=DAN)
    third = acme.post("=HYPERLINK(\"https://evil.example\")", "@SUM(A1)", by=DAN, public=False, board="secret")
    edits.delete(team, acme.post("Gone", "Deleted", by=DAN))
    votes.cast(acme.reader(DAN), first)
    votes.cast(acme.reader({"sub": "fay-9", "name": "Fay"}), second)
    followers.follow(acme.reader(DAN), first)
    tags.tag(team, first, "money")
    tags.tag(team, first, "old")
    planning.set_status(team, first, "planned", "Soon")
    planning.set_eta(team, first, date(2027, 1, 31))
    talk(acme, writer, cleo, dan, first)
    edits.change(team, first, title="Dark mode please", pinned=True)
    edits.change(team, second, locked=True)
    planning.assign(team, third, members.person(BEN).id)
    merges.merge(team, second, first)
    shown = attachments.put(team, "shown.webp", PICTURE).id
    work_off()
    entry = changelog.create(team, "Version 2", f"![A picture](file:{shown})", categories=["New"], posts=[first],
                             published_at=datetime(2026, 1, 2, tzinfo=UTC))  # fmt: skip
    changelog.create(team, "A draft", "", categories=[])
    changelog.react(dan, entry.id, "love")
    mailings.subscribe(acme.workspace, "reader@customer.example", "de")
    db.changed("INSERT INTO suppression VALUES (%(id)s, 'gone@customer.example', 'bounced')", id=acme.workspace.id)
    work_off()


def talk(acme, writer, cleo, dan, number: int) -> None:
    asked = comments.create(dan, number, "When?")
    comments.create(writer, number, "Soon.", parent=asked)
    comments.create(writer, number, "They pay well.", internal=True)
    comments.create(writer, number, "In January.", official=True)
    answered = comments.create(cleo, number, "Never mind.", files=[attachments.put(cleo, "log.txt", TEXT).id])
    comments.create(dan, number, "Why?", parent=answered)
    comments.delete(cleo, answered)
