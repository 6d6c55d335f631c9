"""What Schemathesis cannot know about us, told before each of its calls. Used by schemathesis.toml, in its own process."""

import itertools
import os
import re
import unicodedata

import schemathesis
from schemathesis.generation.meta import TestPhase

OWN = {"api_key": os.environ["SAYSO_OWN_KEY"], "member": os.environ["SAYSO_OWN_MEMBER"]}  # as whom it calls
NOBODY = 999_999_999
KEY = re.compile(r"[a-z0-9](-?[a-z0-9]){0,30}")
# placeholder → keys of what the run has made; by itself it guesses no key that is there
made = {"board": [], "status": [], "tag": [], "field": [], "segment": []}
fresh = itertools.count(1)


@schemathesis.hook
def before_call(_context, case, _kwargs):
    number = next(fresh)
    places = case.path_parameters or {}
    for name, own in OWN.items():
        # it may end every key and every member but its own, or all that follows would be 401
        if str(places.get(name)) == own and case.method != "GET":
            places[name] = NOBODY
    is_stateful = case.meta is not None and case.meta.phase.name == TestPhase.STATEFUL
    for name, keys in made.items() if not is_stateful else ():
        if name in places and keys and places[name] not in keys and number % 3:
            places[name] = keys[number % len(keys)]
    if case.meta is not None and case.meta.generation.mode.is_negative:
        case.body = visible(case.body)
    if case.method != "GET" and (is_stateful or number % 4):
        use_new_names(case, number)


def use_new_names(case, number: int) -> None:
    """It sends the same few keys again and again: nearly all that it makes would be there already (409)."""
    given = case.headers.get("Idempotency-Key") if case.headers else None
    if isinstance(given, str) and 1 <= len(given) <= 200:
        case.headers["Idempotency-Key"] = f"{given}{number}"
    body = case.body if case.method == "POST" else None
    if isinstance(body, dict) and isinstance(body.get("key"), str) and KEY.fullmatch(body["key"]):
        case.body = {**body, "key": f"{body['key']}{number}"}


def visible(value):
    """A text is measured once it is tidied: what shows nothing does not count, so it would not be too long by that."""
    if isinstance(value, str):
        return "".join(char if is_shown(char) else "x" for char in value) if value.strip() else value
    if isinstance(value, list):
        return [visible(each) for each in value]
    return {name: visible(each) for name, each in value.items()} if isinstance(value, dict) else value


def is_shown(char: str) -> bool:
    return char.isprintable() and not char.isspace() and not unicodedata.combining(char)


@schemathesis.hook
def after_call(_context, case, response):
    """Remembers what is there."""
    for name, keys in made.items():
        if case.method == "POST" and response.status_code == 201 and case.path == f"/api/v1/{plural(name)}":
            keys.append(response.json()["key"])
        if case.method == "DELETE" and response.status_code == 204 and case.path == f"/api/v1/{plural(name)}/{{{name}}}":
            keys[:] = [key for key in keys if key != case.path_parameters[name]]


def plural(word: str) -> str:
    return f"{word}es" if word.endswith("s") else f"{word}s"
