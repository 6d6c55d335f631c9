"""Why something was refused, in the language of the page: the domain says it in English, to programs too."""

from service.errors import Invalid
from service.lib import text
from service.words import Words

SENTENCES = {  # by the refusal's code; any other is "that did not work"
    "approved": "approvedAsIs",
    "blocked": "blockedHere",
    "forbidden": "notYours",
    "locked": "lockedTalk",
    "merged": "mergedAway",
    "rate_limited": "tooMany",
    "too_late": "tooLateToChange",
}
MISSING = {"title": "titleMissing"}  # by the field; of any other "write something first"


def fields(words: Words, error: Exception, typed: dict, most: dict[str, int]) -> dict[str, str]:
    """What must change, by field; of a text either that there is none, or that it is longer than `most` of its field."""
    return {field: of_field(words, field, typed.get(field, ""), most) for field in getattr(error, "fields", {})}


def of_field(words: Words, field: str, typed: str, most: dict[str, int]) -> str:
    if field not in most:
        return words.failed
    if len(typed) <= most[field] and not text.tidy_line(typed):
        return getattr(words, MISSING.get(field, "wordless"))
    return words.say("tooLong", most[field])


def message(words: Words, error: Exception) -> str:
    """What is said of a refusal that belongs to no field."""
    return "" if isinstance(error, Invalid) else getattr(words, SENTENCES.get(getattr(error, "code", ""), "failed"))
