"""What somebody types into a search: which words, whether exactly these are meant, and what of them is only begun."""

import re

QUOTED = re.compile(r'"[^"]*\w[^"]*"')
LEFT_OUT = re.compile(r'(?:(?<=\s)|^)-(?:"[^"]*"|[^\W\d_][^\s"]*)')  # a minus before a word, not a number: "at -20 °C"
# What stands for a space where words are kept (migrations/0010), but for the minus that leaves a word out.
HOLDING = "_<@/~-"
SIGNS = str.maketrans(HOLDING[:-1], " " * len(HOLDING[:-1]))
WITHIN = re.compile(r"(?<=\w)-|-(?=\d)")
MOST_WORDS = 32
FEWEST_LETTERS = 3  # of a word that is only begun
BEGUN = re.compile(rf"[^\W_]{{{FEWEST_LETTERS},}}$|[^\W\d_\u0000-\u024f]+$")  # a sign of other scripts says as much


def is_exact(typed: str) -> bool:
    """Whether just these words are asked for, as in a search engine: in "quotes", or without one that has a minus."""
    return bool(QUOTED.search(typed) or LEFT_OUT.search(typed))


def plain(typed: str) -> str:
    """The same as it is kept: without the signs that hold words together."""
    return WITHIN.sub(" ", typed.translate(SIGNS))


def few(typed: str) -> str:
    """The first of its words, each once: each is compared with each post that is looked at."""
    once = {}
    for word in plain(typed).split():
        once.setdefault(word.casefold(), word)
    return " ".join(list(once.values())[:MOST_WORDS])


def wanted(typed: str) -> str:
    """The words without those that are to be left out, and without the quotes."""
    return " ".join(LEFT_OUT.sub(" ", typed).replace('"', " ").split())


def begun(typed: str) -> str:
    """The last word, when it may be only begun; else nothing. What is asked for exactly is not."""
    found = None if '"' in typed or LEFT_OUT.search(typed) else BEGUN.search(typed)
    return found.group() if found else ""


def words(typed: str) -> dict[str, str]:
    """The parameters of conditions.SAID: the text; the same again where its words may be taken literally, which a minus
    forbids (what has one form of a word has not all others); and apart the last word if it may be only begun."""
    typed = plain(typed)
    last = begun(typed)
    return {"q": typed, "literally": "" if LEFT_OUT.search(typed) else typed, "begun": typed.removesuffix(last),
            "prefix": prefix(last)}  # fmt: skip


def prefix(last: str) -> str:
    """What finds all words that begin like this one, as a tsquery; of none nothing. It is made of letters alone."""
    return last and f"'{last.lower()}':*"
