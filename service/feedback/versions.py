"""Which state of a thing somebody looked at: who saves what they made of it must not overwrite what came meanwhile."""

from hashlib import sha256

from service.errors import Conflict

STALE = (
    "Somebody changed this meanwhile. What you wrote is still here: look, and save again if it shall replace what is there "
    "now."
)

def version(*facts) -> str:
    """Names one state of a thing, by the facts of it that can be changed."""
    return sha256(repr(facts).encode(errors="replace")).hexdigest()[:16]


def check(seen: str | None, *facts, why: str = STALE) -> None:
    """Raise Conflict, which says `why`, when these are not the facts that somebody saw. To be called when the thing is
    held."""
    if seen is not None and seen != version(*facts):
        raise Conflict(why, "stale")
