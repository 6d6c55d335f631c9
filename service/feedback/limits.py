"""How often someone may do something: counted in Postgres, so that it holds over processes, hosts and restarts."""

from ipaddress import ip_address, ip_network

from service import db
from service.errors import RateLimited
from service.lib import tokens


def counting(keys: str, more: str = "1") -> str:
    """SQL that counts one, or so many `more`, for each `key` of the table `keys`. A statement that asks something anyway can
    carry it as a part. The keys are taken in order, so that two requests with the same ones cannot wait for each other."""
    return f"""
INSERT INTO rate AS r (key, window_start, hits)
SELECT key, to_timestamp(floor(extract(epoch FROM now()) / %(seconds)s) * %(seconds)s), {more} FROM {keys} ORDER BY key
ON CONFLICT (key) DO UPDATE SET window_start = excluded.window_start,
  hits = CASE WHEN r.window_start = excluded.window_start THEN r.hits + {more} ELSE {more} END
RETURNING key, hits, ceil(extract(epoch FROM window_start) + %(seconds)s - extract(epoch FROM now()))::int AS remaining"""


HITS = counting("unnest(%(keys)s::text[]) AS key")
HITS_OF_MORE = counting("unnest(%(keys)s::text[]) AS key", "%(more)s")
MINUTE, HOUR = 60, 3600  # seconds


def hit(key: str, most: int, seconds: int, more: int = 1) -> None:
    """Count one, or so many `more`; raises RateLimited when it is more than `most` in this window of `seconds`."""
    check(db.rows(HITS_OF_MORE, keys=[key[:200]], seconds=seconds, more=more), {key[:200]: most})


def hit_sign_in(whose: str, email: str, network: str) -> None:
    """Count one more letter with a link to sign in to this address, asked for from this network. The address is not stored:
    only what it hashes to."""
    name = mailbox(email)
    hit(f"{whose}:{name}:{network}", most=5, seconds=HOUR)  # a stranger elsewhere locks nobody out
    hit(f"{whose}:{name}", most=20, seconds=HOUR)
    hit(f"{whose}-from:{network}", most=20, seconds=HOUR)


def mailbox(email: str) -> str:
    """What counts as one mailbox, however it is spelled; not the address itself."""
    name, _, domain = email.lower().rpartition("@")
    return tokens.hashed(f"{name.partition('+')[0].replace('.', '')}@{domain}").hex()[:32]


def check(counted: list, most: dict[str, int]) -> None:
    """Raise RateLimited when one of the (key, hits, remaining seconds) is over what `most` says of its key."""
    over = [remaining for key, hits, remaining in counted if hits > most[key]]
    if over:
        raise RateLimited(max([1, *over]))


def network(address: str) -> str:
    """The part of a network address that stands for one household: IPv6 hands everyone a /64 to hop around in."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)
