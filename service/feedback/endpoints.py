"""Endpoints: the addresses of a team's own systems, each with what it wants to hear of and the secret that signs it."""
