"""How PostgreSQL would do a statement, asked without anybody's data: with $1 in place of each value."""

import re

import psycopg2

from service import db

PLACE = re.compile(r"%(?:\((\w+)\)s|(s)|(%))")  # %(name)s, %s, %%
UNKNOWN = re.compile(r"could not determine data type of parameter \$(\d+)")
MOST_GUESSES = 40  # parameters whose type nothing says
LONGEST = 20_000  # characters of a plan


def of(sql: str) -> str:
    """The plan of a statement with psycopg2's placeholders; empty when PostgreSQL cannot say."""
    for each_alone in (False, True):  # one parameter that is compared with two types has to be two
        plan = explained(numbered(sql, each_alone))
        if plan:
            return plan[:LONGEST]
    return ""


def numbered(sql: str, each_alone: bool = False) -> str:
    """The same statement with $1, $2, …; `each_alone`: a name that stands twice gets two numbers."""
    numbers: dict[str, int] = {}

    def place(match: re.Match) -> str:
        if match[3]:
            return "%"
        name = match[1] if match[1] and not each_alone else f"at {match.start()}"
        return f"${numbers.setdefault(name, len(numbers) + 1)}"

    return PLACE.sub(place, sql)


def explained(sql: str) -> str:
    """Its generic plan, which is made without values. Where nothing says of which type one is, a text is as good."""
    for _ in range(MOST_GUESSES):
        try:
            cursor = db.database.connection().cursor()
            cursor.execute(f"EXPLAIN (GENERIC_PLAN) {sql}")  # not by db.row: this one is not measured
            return "\n".join(line for (line,) in cursor.fetchall())
        except psycopg2.Error as error:
            unknown = UNKNOWN.search(str(error))
            if not unknown:
                return ""
            sql = re.sub(rf"\${unknown[1]}(?!\d|::)", f"${unknown[1]}::text", sql)
    return ""
