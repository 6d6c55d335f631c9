"""Which addresses are of the public internet, by a list of our own: `ipaddress.is_global` takes multicast, NAT64, 6to4 and
more for public, and what those carry inside may be an address of the server's own network."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# Nobody's, one's own, or leading elsewhere: RFC 6890 and what was added since.
CLOSED_4 = tuple(map(ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/4", "240.0.0.0/4",
)))  # fmt: skip
# All that is routed is in here. Outside of it: loopback, link-local, private, multicast, NAT64, and whatever holds an IPv4
# address (mapped, compatible, translated).
OPEN_6 = ip_network("2000::/3")
CLOSED_6 = tuple(map(ip_network, (
    "2001::/23",  # Teredo, benchmarks, ORCHID and the rest of what is set apart for protocols
    "2001:db8::/32", "2002::/16", "3fff::/20",
)))  # fmt: skip


def address(text: str) -> IPv4Address | IPv6Address:
    """The address as getaddrinfo writes it, which may name an interface behind a %."""
    return ip_address(text.partition("%")[0])


def is_public(found: IPv4Address | IPv6Address) -> bool:
    """Whether it leads to the internet, and nowhere else."""
    if found.version == 4:
        return not any(found in closed for closed in CLOSED_4)
    return found in OPEN_6 and not any(found in closed for closed in CLOSED_6)
