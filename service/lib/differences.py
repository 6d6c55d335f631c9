"""What changed between two texts, word by word, for people to read."""

import re
from difflib import SequenceMatcher

WORD = re.compile(r"\S+\s*|\s+")
MOST_WORDS = 600  # of both texts, for the time grows with their square; longer ones are shown whole, the old above the new
AROUND = 6  # words that stay beside a change, for its sense
SAME, GONE, NEW, LEFT_OUT = "same", "gone", "new", "left out"


def words(before: str, after: str) -> list[tuple[str, str]]:
    """(`same`, `gone`, `new` or `left out`, text) in order; nothing when the texts are the same."""
    if before == after:
        return []
    old, new = WORD.findall(before), WORD.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return [(kind, text) for kind, text in ((GONE, before), (NEW, after)) if text]
    found, steps = [], SequenceMatcher(None, old, new).get_opcodes()
    for place, (kind, a, b, c, d) in enumerate(steps):
        if kind == "equal":
            found += shortened(old[a:b], is_first=place == 0, is_last=place == len(steps) - 1)
        else:
            found += [(name, "".join(part)) for name, part in ((GONE, old[a:b]), (NEW, new[c:d])) if part]
    return found


def shortened(same: list[str], *, is_first: bool, is_last: bool) -> list[tuple[str, str]]:
    """A stretch without changes: only its words next to one."""
    head, tail = 0 if is_first else AROUND, 0 if is_last else AROUND
    if len(same) <= head + tail + 2:
        return [(SAME, "".join(same))]
    parts = [(SAME, "".join(same[:head])), (LEFT_OUT, " … "), (SAME, "".join(same[len(same) - tail :]))]
    return [(kind, text) for kind, text in parts if text]
