"""The rules of a segment as a form has them: a row for each, every value written as text."""

from typing import NamedTuple

from service.feedback.audience import Known
from service.feedback.segments import MOST_RULES

MRR = "company.mrr"
FIELDS = {"company.plan": "Plan of their company", MRR: "MRR of their company", "company.name": "Name of their company"}
OPS = {"is": "is", "is_not": "is not", "at_least": "is at least", "at_most": "is at most", "contains": "contains"}
WORDS = {"true": True, "false": False}
LARGEST_DIGITS = 18


class Row(NamedTuple):
    field: str = ""
    op: str = "is"
    value: str = ""


def typed(form) -> list[Row]:
    """The rows of a form, in order; no more of them than show that they are too many."""
    return [Row(*each) for each in zip(*(form.every(name) for name in Row._fields), strict=False)][: MOST_RULES + 1]


def meant(rows: list[Row], known: list[Known]) -> list[dict]:
    """The rules that the filled rows mean. What looks like a number or a truth value is one, unless users have only texts
    there, or it stands in quotes."""
    types = {each.field: each.types for each in known}
    return [{"field": row.field.strip(), "op": row.op, "value": value(row, types.get(row.field.strip(), []))}
            for row in rows if row.field.strip() or row.value.strip()]  # fmt: skip


def value(row: Row, types: list[str]) -> str | int | float | bool:
    text = row.value.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    if row.op == "contains" or (types == ["string"] and row.op in ("is", "is_not")):
        return text
    read = plain(text.removeprefix("$").replace(",", "") if row.field.strip() == MRR else text)
    if row.field.strip() == MRR and type(read) in (int, float):
        return round(read * 100)  # kept in cents
    return read


def plain(text: str) -> str | int | float | bool:
    """A number or a truth value as JSON has it, or the text itself."""
    if text in WORDS:
        return WORDS[text]
    digits = text.removeprefix("-")
    if text.isascii() and len(text) <= LARGEST_DIGITS and digits.replace(".", "", 1).isdigit() and digits[0] != ".":
        return float(text) if "." in text else int(text)
    return text


def rows(rules: list[dict]) -> list[Row]:
    """Saved rules as rows, of which `meant` makes the same rules."""
    return [Row(rule["field"], rule["op"], written(rule)) for rule in rules]


def written(rule: dict) -> str:
    value = rule["value"]
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value if rule["op"] == "contains" or isinstance(plain(value), str) else f'"{value}"'
    if rule["field"] != MRR:
        return str(value)
    return f"{value / 100:.2f}" if value % 100 else str(int(value // 100))


def said(rule: dict) -> str:
    """A rule as a sentence would have it."""
    field = FIELDS.get(rule["field"], rule["field"].removeprefix("traits."))
    amount = f"${written(rule)}" if rule["field"] == MRR and not isinstance(rule["value"], str) else written(rule)
    return f"{field} {OPS.get(rule['op'], rule['op'])} {amount}"
