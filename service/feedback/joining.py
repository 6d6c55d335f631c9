"""Somebody without an account turns out to be a user: what they did before is theirs, once."""
