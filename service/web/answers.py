"""What a form says in a custom field, as the field wants it."""

import re

from service.feedback.fields import Field
from service.web.inputs import Form


def answer(form: Form, field: Field, was) -> str | int | float | bool | None:
    """None: nothing. `was` is what the form was made for."""
    value = form.get(f"fields.{field.key}", "")
    if field.type == "checkbox":
        return True if value else (False if was is not None else None)  # never asked is not the same as no
    if field.type == "number":
        return numeric(value)
    return value.replace("\r\n", "\n").strip() or None


def numeric(value: str) -> int | float | str | None:
    """A number; what is none stays text, which the field then refuses in its own words."""
    try:
        return int(value) if re.fullmatch(r"-?\d{1,16}", value.strip(), re.ASCII) else float(value)
    except ValueError:
        return value.strip() or None
