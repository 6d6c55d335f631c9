"""What a table needs so that a spreadsheet shows what people wrote, and computes nothing of it."""

import csv
import unicodedata

COMMANDS = ("=", "+", "-", "@", "\t", "\r")  # with these a cell begins that a spreadsheet would compute


def writer(out):
    """Writes rows to a text file: lines ended as RFC 4180 says."""
    return csv.writer(out, lineterminator="\r\n")


def cell(value) -> object:
    """A text that would be computed is kept a text."""
    if not isinstance(value, str):
        return value
    # as a spreadsheet may read it: full-width signs as plain ones, without what stands before
    meant = unicodedata.normalize("NFKC", value)
    return f"'{value}" if meant.startswith(COMMANDS) or meant.lstrip().startswith(COMMANDS) else value
