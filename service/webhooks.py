"""Tells endpoints what happened: the job that takes what is due for one of them, posts it, and notes what came of it."""

from service import jobs


def deliver(job: jobs.Job) -> None:  # noqa: ARG001
    """Make the attempts that are due for the endpoint which the job names."""
