"""What stands in a database, in any column and any spelling: a plain dump by PostgreSQL's own program, and what is looked
for in it."""

import base64
import subprocess
from pathlib import Path

from service import cluster


def dump(url: str, folder: Path) -> str:
    """Every row of it as a statement, as `pg_dump --inserts` writes them."""
    place = folder / "tools"
    place.mkdir(exist_ok=True)
    programs = cluster.binaries(place, cluster.account_for(place), "18")
    command = [programs / "pg_dump", "--data-only", "--inserts", "--no-owner", "--dbname", url]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, timeout=120).stdout


def found(text: str, words: list[str]) -> list[str]:
    """Those of these words that stand there: in any case, as bytes in hex, or as base64."""
    folded = text.casefold()
    return [word for word in words if any(spelling in folded for spelling in plain(word)) or any(
        spelling in text for spelling in packed(word))]  # fmt: skip


def lines(text: str, words: list[str]) -> list[str]:
    """The beginnings of the rows in which one of these words stands, for whoever looks why."""
    return [line[:60] for line in text.splitlines() if found(line, words)]


def plain(word: str) -> list[str]:
    return [way.casefold() for way in (word, word.encode().hex(), word.lower().encode().hex())]


def packed(word: str) -> list[str]:
    """What is the same of it in base64 wherever it begins."""
    ways = []
    for spelling in {word, word.lower()}:
        for before in range(3):
            whole = base64.b64encode(b"x" * before + spelling.encode()).decode()
            ways.append(whole[(4 if before else 0) : len(whole) - 4])
    return [way for way in ways if len(way) >= 6]  # less stands anywhere by chance
