"""Limits that a test reaches soon."""

from service.feedback import limits


def lower(monkeypatch, **most: int) -> None:
    """For this test, no more of each of these limits than so many."""
    for name, number in most.items():
        monkeypatch.setattr(limits, name, getattr(limits, name)._replace(most=number))
