"""Whom of the team a text names."""

import re

from service import db
from service.feedback.readers import Reader

TEAM = """
SELECT p.id, p.name FROM member m JOIN person p ON p.id = m.person_id
 WHERE m.workspace_id = %(workspace)s AND m.joined_at IS NOT NULL"""


def mentioned(reader: Reader, body: str) -> list[int]:
    """The members whose whole or first name follows an @ in this text, where it can mean only one of them."""
    if "@" not in body:
        return []
    bearers: dict[str, set[int]] = {}
    for person, name in db.rows(TEAM, workspace=reader.workspace.id):
        whole = " ".join(name.casefold().split())
        for known in {whole, whole.partition(" ")[0]} - {""}:
            bearers.setdefault(known, set()).add(person)
    if not bearers:
        return []
    # names are people's own words: escaped, the longest first, and nothing that repeats
    names = "|".join(re.escape(name) for name in sorted(bearers, key=len, reverse=True))
    found = [bearers[match[1]] for match in re.finditer(rf"(?<!\w)@({names})(?!\w)", body.casefold())]
    return sorted({person for persons in found if len(persons) == 1 for person in persons})
