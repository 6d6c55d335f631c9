"""What the hits of a search show of themselves: the title and the place in the text with the words that were asked for."""

import re
from typing import NamedTuple

from service import db
from service.feedback import similar, typed
from service.feedback.readers import Reader, readable
from service.lib import markdown, text

LONGEST = 320  # characters
BEGINNING = 300  # of a text in which nothing is marked
READ = 4000  # characters of a text in which words are marked
BEFORE = 100  # characters before the first mark, when a fragment is too long
MARK, END = "\x02", "\x03"  # no stored text has control characters (text.tidy)
MARKED = re.compile(f"{MARK}([^{END}]*){END}")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
# PostgreSQL takes these for parts of tags, addresses and compounds: tags it would leave out of what it shows, and for long
# rows of the others it needs seconds. So they are other signs meanwhile.
SIGNS, SWAPPED = typed.HOLDING, "\x04\x05\x06\x07\x08\x0e"
SWAP, SWAP_BACK = str.maketrans(SIGNS, " " * len(SIGNS)), str.maketrans(SWAPPED, SIGNS)
MARKS = f"StartSel={MARK}, StopSel={END}"
WHOLE = f"HighlightAll=true, {MARKS}"
PLACES = f'MaxFragments=2, MaxWords=18, MinWords=8, ShortWord=0, FragmentDelimiter=" … ", {MARKS}'

ANY = "(replace(plainto_tsquery({0}, %(words)s)::text, '&', '|')::tsquery || %(begun_word)s::tsquery)"
# Of a text without any of these words: the one that is only begun, of which the language knows no form; or, when it knows
# none of the words ("to do"), these.
LITERAL = """(CASE WHEN numnode(plainto_tsquery({0}, %(words)s)) > 0 THEN ''::tsquery
  ELSE replace(plainto_tsquery('simple', %(words)s)::text, '&', '|')::tsquery END || %(begun_word)s::tsquery)"""
FRAGMENT = f"""
SELECT CASE WHEN strpos(each.fragment, %(mark)s) > 0 OR numnode({LITERAL.format("said.language")}) = 0 THEN each.fragment
            ELSE ts_headline('simple', said.body, {LITERAL.format("said.language")}, %(places)s) END AS fragment
  FROM (SELECT ts_headline(said.language, said.body, {ANY.format("said.language")}, %(places)s) AS fragment OFFSET 0) each"""
# Of the comments of a post, the newest that says all of it.
FIND = f"""
WITH hit AS MATERIALIZED (
  SELECT p.number, p.language, p.title, p.body FROM post p
   WHERE p.workspace_id = %(workspace)s AND p.number = ANY(%(numbers)s) AND {readable()}
), told AS MATERIALIZED (
  SELECT DISTINCT ON (c.post_number) c.post_number, c.language, c.body FROM comment c
   WHERE c.post_number = ANY(%(numbers)s) AND {similar.said(similar.ALL, "c")} AND {similar.TOLD}
   ORDER BY c.post_number, c.id DESC
), said AS MATERIALIZED (
  SELECT number, false AS is_comment, language, translate(left(body, {READ}), %(signs)s, %(swapped)s) AS body FROM hit
  UNION ALL SELECT post_number, true, language, translate(left(body, {READ}), %(signs)s, %(swapped)s) FROM told
), place AS (
  SELECT DISTINCT ON (number) number, is_comment, fragment, left(body, 60) AS first, right(body, 60) AS last
    FROM said, LATERAL ({FRAGMENT}) shown WHERE strpos(fragment, %(mark)s) > 0 ORDER BY number, is_comment
)
SELECT hit.number, hit.title,
       ts_headline(language, translate(title, %(signs)s, %(swapped)s), {ANY.format("hit.language")}, %(whole)s),
       left(hit.body, {BEGINNING}), place.is_comment, place.fragment, place.first, place.last
  FROM hit LEFT JOIN place USING (number)"""

Parts = tuple[tuple[str, bool], ...]  # of a text: what it says, and whether that is marked


class Snippet(NamedTuple):
    title: Parts
    text: Parts
    is_comment: bool  # the text is of a comment


def of(reader: Reader, numbers: list[int], q: str) -> dict[int, Snippet]:
    """What to show of those of these posts that the reader may see, to who typed this. Where none of the words are, and no
    comment that the reader may read has them: the beginning of the post."""
    asked = typed.few(typed.wanted(text.tidy_line(q[: 4 * similar.LONGEST_QUERY])[: similar.LONGEST_QUERY]))
    words, begun = asked.translate(SWAP), typed.begun(asked)
    found = db.rows(
        FIND, **reader.scope(), **similar.typing(asked), numbers=numbers, language=reader.workspace.language, words=words,
        begun_word=typed.prefix(begun), mark=MARK, signs=SIGNS + MARK + END + SWAPPED, swapped=SWAPPED,
        whole=WHOLE, places=PLACES,
    ) if numbers else []  # fmt: skip
    return {number: Snippet(heading(title, marked, begun), place(fragment, *edges, begun) if fragment else unmarked(first),
                            bool(is_comment))
            for number, title, marked, first, is_comment, fragment, *edges in found}  # fmt: skip


def heading(title: str, marked: str, begun: str) -> Parts:
    made = parts(marked.translate(SWAP_BACK), begun)
    return made if "".join(said for said, _ in made) == title else ((title, False),)


def unmarked(first: str) -> Parts:
    return parts(" ".join(markdown.plain(first).split()))


def place(fragment: str, first: str, last: str, begun: str) -> Parts:
    """What was found of a text, with dots where there is more of it: it begins with `first` and ends with `last`."""
    start = max(0, fragment.find(MARK) - BEFORE) if len(fragment) > LONGEST else 0
    shown = fragment[start : start + LONGEST]
    said = letters(shown)
    before = "" if letters(first).startswith(said[:20]) else "… "
    after = "" if letters(last).endswith(said[-20:]) else " …"
    return parts(before + " ".join(markdown.plain(shown.translate(SWAP_BACK)).split()) + after, begun)


def letters(said: str) -> str:
    return re.sub(r"[\W_]+", "", said)


def parts(said: str, begun: str = "") -> Parts:
    """A text with MARK and END in it as parts; what begins like the word that is only begun is marked, too."""
    begins = begun and re.compile(rf"((?<![^\W_]){re.escape(begun)}[^\W_]*)", re.IGNORECASE)
    made = []
    for index, piece in enumerate(MARKED.split(said)):
        pieces = begins.split(piece) if begins and not index % 2 else [piece]
        made += [(CONTROL.sub("", each), bool(index % 2 or place % 2)) for place, each in enumerate(pieces)]
    return tuple(part for part in made if part[0])
