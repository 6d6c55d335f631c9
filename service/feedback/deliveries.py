"""Deliveries: what is told to which endpoint, what came of each attempt, and when the next one is made."""

DELIVER = "endpoint.deliver"  # kind of the job of an endpoint that has deliveries due
QUEUE = "webhooks"
