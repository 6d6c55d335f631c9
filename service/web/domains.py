"""GET /internal/domain?domain=: whether a certificate may be had for a name. Caddy asks before it gets one."""

from ipaddress import ip_address

import falcon

from service.feedback import brand

LONGEST = 253


class Domain:
    """200 for the domain of a workspace, 404 for any other and for whoever asks from elsewhere; never a word."""

    def on_get(self, req, resp):
        name = req.params.get("domain")
        fits = is_this_machine(req.remote_addr) and isinstance(name, str) and 0 < len(name) <= LONGEST and name.isascii()
        resp.status = falcon.HTTP_200 if fits and brand.is_domain(name.lower().rstrip(".")) else falcon.HTTP_404
        resp.cache_control = ["no-store"]
        resp.content_type = falcon.MEDIA_TEXT


def is_this_machine(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
