"""What the manual says of webhooks is so: its code takes what we send and nothing else, its example looks like it."""

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape

import pytest
from cast import DAN
from program import Program
from queued import work_off
from receivers import allow, receiving

from service.feedback import attempts, deliveries, endpoints, votes
from service.lib import outbound
from service.web import pages

CHAPTER = pages.TEMPLATES.get_template("docs/_webhooks.html").module
CALLS = {
    "python": ([sys.executable, "-c"], "import sys, json\nsaid = json.load(sys.stdin)\n"
               "print(json.dumps(receive(said['body'].encode(), said['headers'])))"),
    "node": (["node", "--input-type=module", "-e"], "let text = ''; for await (const part of process.stdin) text += part;\n"
             "const said = JSON.parse(text); console.log(JSON.stringify(receive(said.body, said.headers)));"),
}  # fmt: skip


@pytest.fixture
def sent(here, acme):
    """(secret, request) of what an endpoint was told of the second vote for a post."""
    allow(here)
    with receiving() as receiver:
        _, secret = endpoints.create(acme.team, receiver.url, ["vote.created"], {"votes": 2})
        votes.cast(acme.reader(DAN), acme.post())
        work_off()
        [request] = receiver.requests
        yield secret, request


def run(language: str, secret: str, headers: dict, body: str):
    (command, *more), call = CALLS[language]
    assert shutil.which(command), f"These tests need {language}."
    code = unescape(str(getattr(CHAPTER, language)()))
    return subprocess.run([command, *more, f"{code}\n{call}\n"], env={**os.environ, "SAYSO_WEBHOOK_SECRET": secret},
                          input=json.dumps({"headers": headers, "body": body}), capture_output=True, text=True,
                          cwd=sys.prefix, timeout=60)  # fmt: skip


@pytest.mark.parametrize("language", CALLS)
def test_the_code_we_show_takes_what_we_send_and_nothing_else(sent, language):
    secret, request = sent
    body = request.body.decode()
    taken = run(language, secret, request.headers, body)
    assert taken.returncode == 0, taken.stderr
    assert json.loads(taken.stdout) == request.json
    for changed, text in (({}, body.replace("Dark", "Dork")), ({"webhook-id": f"{request.id}0"}, body),
                          ({"webhook-timestamp": "1700000000"}, body)):  # fmt: skip
        refused = run(language, secret, {**request.headers, **changed}, text)
        assert refused.returncode != 0 and not refused.stdout


def test_the_example_looks_like_what_we_send(sent):
    _, request = sent
    said, _, body = unescape(str(CHAPTER.request("https://sayso.example"))).strip().partition("\n\n")
    example = json.loads(body.replace(", …", ""))
    names = re.findall(r"^([\w-]+): ", said, re.MULTILINE)
    assert set(names) <= set(request.headers) and len(names) == 4
    assert set(example) == set(request.json) and set(example["data"]) == set(request.data)
    for part in ("actor", "user", "post"):
        assert set(example["data"][part]) <= set(request.data[part])


def test_the_call_that_makes_a_webhook_makes_one(client, acme):
    [fields] = re.findall(r"-d '(.*?)'", unescape(str(CHAPTER.create("https://sayso.example"))), re.DOTALL)
    made = Program(client, acme).post("/webhooks", **json.loads(fields))
    assert made.status_code == 201 and made.json["conditions"]["votes"] == 10


def test_every_type_is_explained_and_no_other():
    said = [type for names, _ in CHAPTER.TYPES for type in names.split()]
    assert sorted(said) == sorted(endpoints.TYPES)


def test_its_numbers_are_those_of_the_code(client):
    page = " ".join(unescape(re.sub(r"<[^>]+>", "", client.simulate_get("/docs").text)).split())
    minutes, hours = (1, 5, 30), (2, 5, 10, 14, 20, 24)
    assert deliveries.SCHEDULE[1:] == (5, *(60 * each for each in minutes), *(3600 * each for each in hours))
    assert "after 5 seconds, 1, 5 and 30 minutes, then 2, 5, 10, 14, 20 and 24 hours" in page
    assert (attempts.WARN_HOURS, attempts.END_HOURS, endpoints.OVERLAP_HOURS) == (24, 5 * 24, 24)
    assert outbound.SECONDS == 10 and sorted(outbound.PORTS) == [443, 8443]
    for said in ("within 10 seconds", "port 443 or 8443", "24 hours of nothing but failures", "after five days",
                 "less than 20 kB", "For 24 hours after you ask"):  # fmt: skip
        assert said in page, said
