"""What stands in the audit log, in words: each goes on after the name of who did it."""

from service.feedback.audit import Entry
from service.web.dashboard.settings.team import A_ROLE

FIELDS = {
    "accent": "the colour", "ask_email": "whether visitors are asked for an address", "conditions": "the conditions",
    "domain": "its own domain", "edit_minutes": "how long users may edit", "guide": "the first steps",
    "holds_suspects": "whether what looks like spam waits", "is_indexed": "whether search engines list it",
    "name": "the name", "origins": "the origins", "secret": "the secret", "sign_in_url": "where users sign in",
    "keeps_erased_posts": "whether posts of erased users stay", "keeps_erased_votes": "whether their votes stay",
    "slug": "the address", "state": "whether it is on", "types": "the events", "url": "the address",
    "language": "the language", "logo": "the logo", "format": "the format",
}  # fmt: skip
LETTERS = {"new_posts", "digest", "time_zone", "locale"}  # what a member changes of their letters
ERASED = "who was erased since"
OWN = {"name": "changed their name", "email": "changed their e-mail address"}


class Facts(dict):
    """What an event says; what an old one does not say is left out, visibly."""

    def __missing__(self, name: str) -> str:
        return "…"


def member_updated(entry: Entry) -> str:
    role, was = entry.data.get("role"), entry.data.get("was")
    if role:
        before = f" instead of {A_ROLE[was]}" if was in A_ROLE else ""
        return f"made {whom(entry)} {A_ROLE.get(role, role)}{before}"
    changed = set(entry.data.get("changed", ()))
    said = [words for name, words in OWN.items() if name in changed]
    if changed & LETTERS or not said:
        said.append("changed which letters they get")
    return " and ".join(said)


def member_removed(entry: Entry) -> str:
    if entry.data.get("person") == entry.person:
        return "left the team"
    if entry.data.get("joined") is False:
        return f"withdrew the invitation of {whom(entry)}"
    return f"removed {whom(entry)} from the team"


def signed_in(entry: Entry) -> str:
    browser = entry.data.get("browser")
    return f"signed in with {browser}" if browser else "signed in"


def signed_out(entry: Entry) -> str:
    sessions = entry.data.get("sessions", 1)
    return "signed out" if sessions == 1 else f"signed out of {sessions} browsers"


def whom(entry: Entry) -> str:
    """The member whom it is about."""
    return entry.data.get("email") or "somebody"


def address(verb: str):
    def said(entry: Entry) -> str:
        kind, value = entry.data.get("kind"), entry.data.get("value")
        if kind == "network" or not value:
            return f"{verb} {'a network' if kind == 'network' else 'an address'}"
        return f"{verb} {'every address at ' if kind == 'domain' else ''}{value}"

    return said


def failed(words: str):
    return lambda entry: words.format_map(Facts(entry.data)) + reason(entry)


def reason(entry: Entry) -> str:
    return f": {entry.data['reason']}" if entry.data.get("reason") else ""


def taken_away(what: str):
    def said(entry: Entry) -> str:
        key, into = entry.data.get("key", "…"), entry.data.get("into")
        return f"deleted the {what} “{key}”" + (f"; its posts went to “{into}”" if into else "")

    return said


def unpaid(entry: Entry) -> str:
    return "heard once more that nothing was paid" if entry.data.get("reminder") else "heard that a payment failed"


def plan_changed(entry: Entry) -> str:
    why = {"payment": ", as nothing was paid for a week", "ended": ", as the subscription ended"}
    plan = {"pro": "Pro", "free": "Free"}.get(entry.data.get("plan"), "…")
    return f"made the workspace {plan}{why.get(entry.data.get('because'), '')}"


def kept(entry: Entry) -> str:
    return "kept the workspace" + (", as it was subscribed" if entry.data.get("because") == "subscribed" else "")


def erased(entry: Entry) -> str:
    return "erased a user and all that was known of them" if entry.person else "erased themselves"


def sessions_ended(entry: Entry) -> str:
    if entry.person is None:
        return "signed out everywhere"
    return f"ended the sessions of the user {entry.user or ERASED}"


def export_requested(entry: Entry) -> str:
    if "export" not in entry.data:
        return "exported everything into a file, by the command line"
    return f"asked for everything as a file (export {entry.data['export']})"


def import_begun(entry: Entry) -> str:
    where = "" if entry.person else ", by the command line"
    return f"{'rehearsed' if entry.data.get('dry') else 'began'} import {entry.data.get('import')}{where}"


def import_finished(entry: Entry) -> str:
    made, wrong = entry.data.get("made", 0), entry.data.get("wrong", 0)
    if entry.data.get("dry"):
        return f"finished the rehearsal of import {entry.data.get('import')}"
    return f"finished import {entry.data.get('import')}: {made} rows were taken over, {wrong} were not"


def things(what: str) -> dict:
    """The sentences of a thing that has a key."""
    return {f"{what}.created": f"made the {what} “{{key}}”", f"{what}.updated": f"changed the {what} “{{key}}”",
            f"{what}.deleted": taken_away(what)}  # fmt: skip


HOOK = "the webhook to {host} (#{endpoint})"
SAID = {
    **things("board"), **things("status"), **things("tag"), **things("field"), **things("segment"),
    "member.added": "invited {email} as {role}",
    "member.invited_again": "sent the invitation of {email} again",
    "member.joined": "joined the team as {role}",
    "member.updated": member_updated,
    "member.removed": member_removed,
    "member.signed_in": signed_in,
    "member.signed_out": signed_out,
    "key.created": "made the API key “{name}” ({prefix}…) with the scopes {scopes}",
    "key.updated": "gave the API key {prefix}… the name “{name}”",
    "key.deleted": "ended the API key “{name}” ({prefix}…)",
    "identity_secret.created": "made the identity secret {kid}",
    "identity_secret.ended": "ended the identity secret {kid}",
    "widget_key.rotated": "made a new widget key (number {generation})",
    "widget_key.ended": "ended the former widget keys",
    "endpoint.created": f"made {HOOK}",
    "endpoint.updated": f"changed {{changed}} of {HOOK}",
    "endpoint.deleted": f"deleted {HOOK}",
    "endpoint.sent_again": "sent again what a webhook had missed (#{endpoint})",
    "endpoint.failing": failed(f"got nothing through to {HOOK} for a day"),
    "endpoint.failed": failed(f"switched off {HOOK}"),
    "import.begun": import_begun,
    "import.finished": import_finished,
    "import.undone": "undid import {import} ({left} posts stayed, which somebody had touched)",
    "export.requested": export_requested,
    "export.ready": "finished export {export}",
    "payment.failed": unpaid,
    "plan.changed": plan_changed,
    "address.blocked": address("blocked"),
    "address.unblocked": address("unblocked"),
    "user.blocked": "blocked the user {user}",
    "user.unblocked": "unblocked the user {user}",
    "user.signed_out": sessions_ended,
    "user.erased": erased,
    "workspace.erasure_planned": "planned to erase the workspace, on {at}",
    "workspace.erasure_called_off": kept,
    "workspace.installed": "saw the widget for the first time, on {origin}",
    "workspace.updated": "changed {changed}",
}


def said(entry: Entry) -> str:
    """What was done: ended the API key “ci” (sk_1_ab…)."""
    words = SAID[entry.type]
    return words(entry) if callable(words) else words.format_map(facts(entry))


def facts(entry: Entry) -> Facts:
    data = entry.data
    known = Facts({**data, "user": entry.user or ERASED})
    known["changed"] = listed([FIELDS.get(name, name.replace("_", " ")) for name in data.get("changed", ())]) or "something"
    if "role" in data:
        known["role"] = A_ROLE.get(data["role"], data["role"])
    if "scopes" in data:
        known["scopes"] = listed(data["scopes"])
    return known


def listed(words: list[str]) -> str:
    """a, b and c"""
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
