"""What the manual says of the team is so: its numbers are those of the code, the pages that it names are there."""

import re
from html import unescape

import pytest
from browser import Browser
from cast import ADA

from service import retention
from service.feedback import blocked_addresses, invitations, sign_in


@pytest.fixture
def chapter(client):
    [found] = re.findall(r'<section id="team">(.*?)</section>', client.simulate_get("/docs").text, re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", found)).split())


def test_its_numbers_are_those_of_the_code(chapter):
    days = {table: days for table, _, days in retention.KEPT}
    for said in (f"once, for {invitations.DAYS} days", f"more than {sign_in.FRESH_MINUTES} minutes ago",
                 f"restored for {retention.DELETED_DAYS} days", f"for {blocked_addresses.NETWORK_DAYS} days the network",
                 f"it goes back {days['event']} days"):  # fmt: skip
        assert said in chapter, said


def test_the_pages_that_it_names_are_there(client, acme, chapter):
    page = Browser(client).sign_in(ADA).open("/app/acme/settings/audit").text
    named = re.findall(r"Settings → (Team|Boards|Audit log)\b", chapter)
    assert set(named) == {"Team", "Boards", "Audit log"} and chapter.count("Settings → ") == len(named)
    assert all(re.search(rf">\s*{name}\s*<", page) for name in {*named, "Moderation"})
    assert "Moderation → Addresses" in chapter
    assert "Addresses" in Browser(client).sign_in(ADA).open("/app/acme/moderation").text


def test_it_is_found_among_the_chapters(client):
    assert '<a href="#team">The team</a>' in client.simulate_get("/docs").text
