"""E-mail addresses: one domain has many spellings and is stored in one."""

import pytest

from service.lib import text


@pytest.mark.parametrize("spelling", ["example.com", "EXAMPLE.com", "\uff45xample.com", "example\u3002com",
                                      "example\uff0ecom", "ex\u24d0mple.com", "\u212fxample.com"])  # fmt: skip
def test_all_spellings_of_a_domain_are_one(spelling):
    assert text.email(f"Ada@{spelling}") == "Ada@example.com"


@pytest.mark.parametrize("spelling", ["m\u00fcnchen.example", "M\u00dcNCHEN.example", "mu\u0308nchen.example",
                                      "XN--MNCHEN-3YA.example",
                                      "xn--mnchen-3ya.example"])  # fmt: skip
def test_a_domain_of_other_letters_is_what_the_dns_knows(spelling):
    assert text.email(f"ada@{spelling}") == "ada@xn--mnchen-3ya.example"


@pytest.mark.parametrize("domain", ["stra\u00dfe.example", "a_b.example", "-a.example", "a-.example", "b/c.example",
                                    "\u2100.example", "a\u2025b", "xn--\u00fc.example", "b\uff20c.example",
                                    "x" * 64 + ".example", "b\uff0c.example",
                                    ".".join(["x" * 60] * 5), "\u00fc" * 60 + ".example"])  # fmt: skip
def test_what_is_no_domain_or_would_be_another_one_is_refused(domain):
    assert text.email(f"ada@{domain}") is None


def test_a_name_in_front_of_it_stays_as_it_was_typed():
    assert text.email(" Zo\u00eb.O'Hara+news@Example.com ") == "Zo\u00eb.O'Hara+news@example.com"
    assert text.email("\u0130m@example.com") is None
    assert text.email("ada@localhost") == "ada@localhost"
