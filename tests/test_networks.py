"""Which addresses a webhook may have: those of the public internet, in whatever form they are written."""

from dataclasses import replace
from ipaddress import ip_address

import pytest
from ways_out import HERE, LOOPBACK, PUBLIC, name_server, reason, refusal

from service.lib import outbound
from service.lib.networks import is_public
from service.web.dashboard import system

NOT_PUBLIC = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1
192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1
255.255.255.255
:: ::1 ::127.0.0.1 ::169.254.169.254 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:7f00:1 ::ffff:0:a9fe:a9fe
64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1
2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe:: 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1
4000::1""".split()  # noqa: SIM905 a list that can be read
# What getaddrinfo takes for an address although it does not look like one.
DISGUISED = """
0177.0.0.1 0x7f000001 0x7f.1 2130706433 127.1 127.0.1 0 017700000001 [::ffff:127.0.0.1] [::127.0.0.1] [64:ff9b::7f00:1]
[2002:7f00:1::] [::ffff:0:7f00:1] [0:0:0:0:0:0:0:1] 127.0.0.1. 2852039166""".split()  # noqa: SIM905 a list that can be read


@pytest.fixture
def names(monkeypatch):
    return name_server(monkeypatch)


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_an_address_that_is_not_of_the_public_internet_is_refused_in_every_form(text, names):
    assert not is_public(ip_address(text))
    assert refusal(f"https://[{text}]/" if ":" in text else f"https://{text}/") == outbound.NOT_PUBLIC
    names.set("innocent.example", [text], [PUBLIC, text])
    for _ in range(2):
        said = reason("https://innocent.example/")
        assert said == f"blocked: {outbound.NOT_PUBLIC}", "one bad address among others is enough"


@pytest.mark.parametrize("text", [
    PUBLIC, "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1",
])  # fmt: skip
def test_an_address_of_the_public_internet_is_taken(text):
    assert is_public(ip_address(text))
    assert refusal(f"https://[{text}]/" if ":" in text else f"https://{text}/") is None


@pytest.mark.parametrize("host", DISGUISED)
def test_an_address_in_disguise_is_refused_before_and_at_the_time_of_sending(host):
    assert refusal(f"https://{host}/") == outbound.NOT_PUBLIC
    assert reason(f"https://{host}/") == f"blocked: {outbound.NOT_PUBLIC}"


def test_whatever_the_resolver_makes_of_odd_digits_is_checked():
    """getaddrinfo reads them as 127.0.0.1; we do not even ask it, and if we did, what it found would be refused."""
    assert refusal("https://①②⑦.⓪.⓪.①/") == outbound.FOREIGN_NAME
    assert outbound.numeric("①②⑦.⓪.⓪.①") == [ip_address(LOOPBACK)]


@pytest.mark.parametrize("name", ["localhost", "metadata.google.internal", "instance-data"])
def test_a_name_that_means_a_private_address_is_refused(name, names):
    names.set(name, ["169.254.169.254", "fd00:ec2::254"])
    assert refusal(f"https://{name}/latest/meta-data") is None, "a form says nothing about names"
    said = reason(f"https://{name}/latest/meta-data")
    assert said.startswith("blocked: ") and "169.254" not in said


@pytest.mark.parametrize(("url", "says"), [
    ("", "Give an address"), (None, "Give an address"), ("hooks", "begin with https"), ("https://", "Give an address"),
    ("ftp://example.com", "begin with https"), ("http://example.com", "begin with https"), ("file:///etc/passwd", "https"),
    ("gopher://example.com:70/_", "begin with https"), ("https://exa mple.com", "Give an address"),
    ("https://example.com/\nHost: evil", "Give an address"), ("https://example.com/\x00", "Give an address"),
    ("https://example.com\\@127.0.0.1/", "Give an address"), ("https://example.com/\ud800", "Give an address"),
    ("https://ada@example.com", "user name"), ("https://ada:pw@127.0.0.1/", "user name"),
    ("https://a.example/#x", "from # on"),
    ("https://example.com:22/", "ports 443 and 8443"), ("https://example.com:99999/", "Give an address"),
    ("https://example.com:0/", "Give an address"), ("https://[::1", "Give an address"),
    ("https://.example/", "Give an address"),
    ("https://[fe80::1%25eth0]/", "Give an address"), ("https://bücher.example/", "ASCII"),
    ("https://-a.example", "Give an address"),
    (f"https://example.com/{'x' * 2000}", "too long"), (f"https://{'a' * 64}.example/", "Give an address"),
])  # fmt: skip
def test_what_cannot_be_posted_to_is_refused_with_what_to_do(url, says):
    assert says in refusal(url)
    assert reason(url).startswith("blocked: ")


def test_usual_addresses_are_taken():
    for url in ("https://example.com", "https://EXAMPLE.com./a?b=c", "https://hooks.example:8443/ü/%20", "https://a_b.example/"):
        assert refusal(url) is None, url


def test_networks_of_ones_own_may_be_reached_on_any_port_and_without_https(names):
    for url in ("http://127.0.0.1:5000/", "https://127.0.0.9/", "http://intranet:8080/"):
        assert refusal(url) and reason(url).startswith("blocked: ")
        assert refusal(url, HERE) is None
    assert refusal("https://10.0.0.1/", HERE) == outbound.NOT_PUBLIC
    assert refusal("http://8.8.8.8/", HERE) == outbound.NOT_SECURE
    names.set("public.example", [PUBLIC], [PUBLIC, LOOPBACK])
    for _ in range(2):
        assert reason("http://public.example/", allow=HERE) == f"blocked: {outbound.NOT_SECURE}"


def test_the_system_page_says_that_private_networks_may_be_reached(settings):
    assert "OUTBOUND_ALLOW" not in str(system.warnings(settings))
    assert "OUTBOUND_ALLOW" in str(system.warnings(replace(settings, outbound_allow=HERE)))
