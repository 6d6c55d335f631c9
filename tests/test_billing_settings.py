"""The settings of billing: all of them, or none."""

import pytest
from cast import SECRET_KEY

from service import config
from service.errors import SettingError

GIVEN = {"SECRET_KEYS": SECRET_KEY, "DATABASE_URL": "postgresql://db/sayso"}
WHOLE = {"STRIPE_SECRET_KEY": "sk_test_hunter2", "STRIPE_WEBHOOK_SECRET": "whsec_hunter3", "STRIPE_PRICE_PRO": "price_1"}


def test_without_any_there_are_no_plans():
    assert config.read(GIVEN).stripe_secret_key is None


def test_a_whole_set_is_taken_with_two_secrets_and_a_yearly_price():
    more = {"STRIPE_WEBHOOK_SECRET": "whsec_new, whsec_old", "STRIPE_PRICE_PRO_YEARLY": "price_2"}
    made = config.read(GIVEN | WHOLE | more)
    assert made.stripe_webhook_secrets == ("whsec_new", "whsec_old")
    assert made.stripe_prices == {"month": "price_1", "year": "price_2"} and made.stripe_api is None


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_half_set_up_is_named_and_nothing_secret_repeated(name):
    half = {key: value for key, value in WHOLE.items() if key != name}
    with pytest.raises(SettingError, match="Billing is half set up") as wrong:
        config.read(GIVEN | half)
    assert name in str(wrong.value) and "hunter" not in str(wrong.value)


@pytest.mark.parametrize(("name", "value"), [("STRIPE_SECRET_KEY", "pk_test_hunter2"), ("STRIPE_WEBHOOK_SECRET", "hunter3"),
                                             ("STRIPE_WEBHOOK_SECRET", "whsec_a hunter3")])  # fmt: skip
def test_another_kind_of_key_is_refused(name, value):
    with pytest.raises(SettingError, match=name) as wrong:
        config.read(GIVEN | WHOLE | {name: value})
    assert "hunter" not in str(wrong.value)
