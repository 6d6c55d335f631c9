"""How often someone may do something: counted in Postgres, so that it holds over processes, hosts and restarts."""

from ipaddress import ip_address, ip_network

from service import db
from service.errors import RateLimited

HIT = """
INSERT INTO rate AS r (key, window_start, hits)
VALUES (%(key)s, to_timestamp(floor(extract(epoch FROM now()) / %(seconds)s) * %(seconds)s), 1)
ON CONFLICT (key) DO UPDATE SET window_start = excluded.window_start,
  hits = CASE WHEN r.window_start = excluded.window_start THEN r.hits + 1 ELSE 1 END
RETURNING hits, ceil(extract(epoch FROM window_start) + %(seconds)s - extract(epoch FROM now()))::int"""


def hit(key: str, most: int, seconds: int) -> None:
    """Count one; raises RateLimited when it is more than `most` in this window of `seconds`."""
    hits, left = db.row(HIT, key=key[:200], seconds=seconds)
    if hits > most:
        raise RateLimited(max(1, left))


def network(address: str) -> str:
    """The part of a network address that stands for one household: IPv6 hands everyone a /64 to hop around in."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
