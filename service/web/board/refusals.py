"""Why something was refused, in the language of the page: the domain says it in English, to programs too, and by a code."""

from markupsafe import Markup

from service.words import Words

SENTENCES = {  # of the catalogue, by the code of a refusal or of what is wrong with a field
    "answered_gone": "answeredGone",
    "approved": "approvedAsIs",
    "blocked": "blockedHere",
    "board_gone": "boardGone",
    "conflict": "failed",
    "does_not_fit": "fieldWrong",
    "empty": "wordless",
    "forbidden": "notYours",
    "is_member": "eraseTeam",
    "locked": "lockedTalk",
    "merged": "mergedAway",
    "missing": "fillIn",
    "name_of_team": "nameTaken",
    "name_too_long": "nameLong",
    "named_by_product": "knownFrom",
    "nameless": "anonymousHere",
    "no_address": "emailWrong",
    "no_number": "numberWrong",
    "not_ticked": "eraseTick",
    "rate_limited": "tooMany",
    "stale": "failed",
    "title_missing": "titleMissing",
    "title_too_long": "titleTooLong",
    "token_spent": "returnSpent",
    "too_late": "tooLateToChange",
    "too_long": "tooLong",
}
UNSEEN = {"kind", "parent"}  # fields that nobody fills in: what is wrong with them is said above the form
STATUSES = {404: "nothingHereHint", 429: "tooMany", 413: "", 415: ""}  # of an error page; any other: notNowHint


def said(words: Words, error: Exception) -> tuple[dict[str, str], str]:
    """What must change, by field, and what is said of a refusal that belongs to no field."""
    fields = {name: in_words(words, reason) for name, reason in getattr(error, "reasons", {}).items()}
    unseen = [fields.pop(name) for name in sorted(UNSEEN & fields.keys())]
    return fields, "" if fields else unseen[0] if unseen else in_words(words, error)


def in_words(words: Words, reason: str | Exception) -> str:
    """One reason; in English, and marked so, when the catalogue has no sentence for it."""
    sentence = SENTENCES.get(getattr(reason, "code", ""))
    return words.say(sentence, *getattr(reason, "values", ())) if sentence else english(str(reason))


def of_status(words: Words, status: int, detail: str) -> str:
    """What an error page says."""
    sentence = "" if status == 422 and words.tag == "en" else STATUSES.get(status, "notNowHint")
    return getattr(words, sentence) if sentence else english(detail)


def english(sentence: str) -> str:
    return Markup('<span lang="en" dir="ltr">{}</span>').format(sentence)
