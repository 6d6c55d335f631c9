"""What a table needs so that a spreadsheet shows what people wrote, and computes nothing of it."""

import csv
import unicodedata

SIGNS = ("=", "+", "-", "@")  # with these begins what a spreadsheet would compute
SEPARATORS = ("\t", "\r")  # where it may part cells
QUOTES = "\"'`\u201a\u201e\u1160\u115f"  # low ones are called opening; two letters of Korean are empty


def writer(out):
    """Writes rows to a text file: lines ended as RFC 4180 says."""
    return csv.writer(out, lineterminator="\r\n")


def cell(value) -> object:
    """A text that would be computed is kept a text."""
    if not isinstance(value, str):
        return value
    meant = unicodedata.normalize("NFKC", value)  # as a spreadsheet may read it: full-width signs as plain ones
    begins = next((letter for letter in meant if not is_passed_over(letter)), "")
    return f"'{value}" if begins in SIGNS or meant.startswith(SEPARATORS) else value


def is_passed_over(letter: str) -> bool:
    """Whether a formula may stand behind it: what nobody sees, spaces, and quotation marks of all kinds."""
    return letter in QUOTES or unicodedata.category(letter)[0] in "CZM" or unicodedata.category(letter) in ("Pi", "Pf")
