"""Moderation → Addresses: what is blocked by hand is blocked and lifted there, and whether suspects wait is chosen."""

from browser import Browser
from cast import ADA, BEN, EVE
from test_blocked_addresses import ADDRESSES, PAGE, SPAMMER, blocked

from service.feedback import blocked_addresses


def test_an_admin_blocks_and_lifts_on_the_page(client, acme):
    ada = Browser(client).sign_in(ADA)
    assert "No address is blocked" in ada.open(PAGE, **ADDRESSES).text
    page = ada.send(f"{PAGE}?show=addresses", {"Sayso-Quick": "1"}, do="block_address", address="nothing like it")
    assert page.status_code == 422 and "Give an e-mail address, or a domain" in page.text
    ada.open(PAGE, **ADDRESSES)
    for address in (SPAMMER, "junk.example"):
        ada.send(PAGE, do="block_address", address=address)
    page = ada.open(PAGE, **ADDRESSES).text
    assert "Users whom your product signs in are not held by address." in page and "no letter goes there" in page
    assert SPAMMER in page and "@junk.example" in page and "by Ada" in page
    ada.send(PAGE, do="lift", place=[f"email:{SPAMMER}", "domain:junk.example", "domain:not.there", "x", "network:\0"])
    assert blocked(acme) == []
    ada.open(PAGE, **ADDRESSES)
    assert ada.send(PAGE, {"Sayso-Quick": "1"}, do="lift").status_code == 422


def test_a_member_reads_the_list_and_changes_nothing(client, acme):
    blocked_addresses.block(acme.team, SPAMMER)
    ben = Browser(client).sign_in(BEN)
    page = ben.open(PAGE, **ADDRESSES).text
    assert SPAMMER in page and 'value="block_address"' not in page and "Unblock" not in page
    lift = {"do": "lift", "place": f"email:{SPAMMER}"}
    for deed in (lift, {"do": "block_address", "address": "x.example"}, {"do": "hold"}):
        assert ben.send(PAGE, **deed).status_code == 403
    assert len(blocked(acme)) == 1


def test_the_list_of_one_workspace_is_no_other_s(client, acme, globex):
    blocked_addresses.block(acme.team, SPAMMER)
    eve = Browser(client).sign_in(EVE)
    assert SPAMMER not in eve.open("/app/globex/moderation", **ADDRESSES).text
    eve.send("/app/globex/moderation", do="lift", place=f"email:{SPAMMER}")
    assert eve.open(PAGE, **ADDRESSES).status_code == 404 and len(blocked(acme)) == 1


def test_an_admin_chooses_whether_suspects_wait(client, acme):
    ada = Browser(client).sign_in(ADA)
    assert 'name="hold" value="1" checked' in ada.open(PAGE).text
    page = ada.send(PAGE, {"Sayso-Quick": "1"}, do="hold").text
    assert "appears at once" in page and 'name="hold" value="1" checked' not in page
    page = ada.send(PAGE, {"Sayso-Quick": "1"}, do="hold", hold="1").text
    assert "waits here" in page and 'name="hold" value="1" checked' in page
