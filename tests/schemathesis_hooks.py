"""What Schemathesis cannot know about us, told before each of its calls. Used by schemathesis.toml, in its own process."""

import itertools
import os
import re

import schemathesis

OWN = {"key": os.environ["SAYSO_OWN_KEY"], "member": os.environ["SAYSO_OWN_MEMBER"]}  # as whom it calls
NOBODY = 999_999_999
KEY = re.compile(r"[a-z0-9](-?[a-z0-9]){0,30}")
fresh = itertools.count(1)


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """It may end every key and every member but its own, or all that follows would be 401."""
    for name, own in OWN.items():
        if str(case.path_parameters.get(name)) == own and case.method != "GET":
            case.path_parameters[name] = NOBODY
    use_new_names(case)


def use_new_names(case) -> None:
    """It sends the same few keys again and again: nearly all it makes would be 409, there already. One of four stays."""
    number = next(fresh)
    if case.method != "POST" or number % 4 == 0:
        return
    given = case.headers.get("Idempotency-Key") if case.headers else None
    if isinstance(given, str) and 1 <= len(given) <= 200:
        case.headers["Idempotency-Key"] = f"{given}{number}"
    if isinstance(case.body, dict) and isinstance(case.body.get("key"), str) and KEY.fullmatch(case.body["key"]):
        case.body = {**case.body, "key": f"{case.body['key']}{number}"}
