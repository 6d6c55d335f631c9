"""The domain's errors: what went wrong, in words for the person who meets it.

They know nothing of HTTP; `web/problems.py` has the one table that turns each into a status."""


class SaysoError(Exception):
    """Base of every error that we raise on purpose; `str(error)` is fit for people."""


class Why(str):
    """A sentence that says what to do, in English; `code` is which one it is, `values` what it names: enough to say it in
    another language."""

    def __new__(cls, sentence: str, code: str, *values: int | str):
        self = super().__new__(cls, sentence)
        self.code, self.values = code, values
        return self


class SettingError(SaysoError):
    """A setting, folder, port or database is not as we need it; one line that says what to do."""


class NotFound(SaysoError):
    """There is no such thing, or it belongs to another workspace: alike on purpose."""


class Invalid(SaysoError):
    """Input that was understood and cannot be taken.

    `fields` maps a field's name to a sentence that says what to do, `reasons` to the same as it was given: maybe a Why."""

    def __init__(self, **fields: str):
        super().__init__(" ".join(fields.values()))
        self.fields, self.reasons = {name: str(said) for name, said in fields.items()}, fields


class Malformed(SaysoError):
    """Input that cannot be read at all."""


class TooLarge(SaysoError):
    """More bytes than we take."""


class UnsupportedMedia(SaysoError):
    """A kind of file that we do not take."""


class Unauthenticated(SaysoError):
    """No proof of identity, or a proof that does not hold. `code` is stable, for programs."""

    def __init__(self, message: str, code: str = "token_invalid"):
        super().__init__(message)
        self.code = code


class Forbidden(SaysoError):
    """Known, but not allowed to do this. `code` is stable, for programs; `values` are what the message names."""

    def __init__(self, message: str, code: str = "forbidden", *values: str):
        super().__init__(message)
        self.code, self.values = code, values


class ProofNeeded(Forbidden):
    """It may be done, by who has just shown who they are."""

    def __init__(self):
        super().__init__("Confirm that it is you, then press the button again.", "proof_needed")


class Conflict(SaysoError):
    """It was understood, and what is there now stands against it. `code` and `values` as of Forbidden."""

    def __init__(self, message: str, code: str = "conflict", *values: str):
        super().__init__(message)
        self.code, self.values = code, values


class RateLimited(SaysoError):
    """Too many of these for now; worth another try after `seconds`."""

    code = "rate_limited"

    def __init__(self, seconds: int):
        super().__init__(f"That was a lot at once. Please try again in {seconds} seconds.")
        self.seconds = seconds


class PaymentAway(SaysoError):
    """Whom we ask about payments does not answer, or cannot do this now; trying again later may help."""

    code, seconds = "payment_away", 30

    def __init__(self):
        super().__init__("Stripe cannot be reached at the moment, so nothing was changed. Please try again in a minute.")


class LeaseLost(SaysoError):
    """The job was given to another worker meanwhile; what this one did must be rolled back."""


class MailDelayed(SaysoError):
    """No mail server took this letter so far; it is worth another try. Says why, without the address."""


class MailRefused(SaysoError):
    """The mail server refuses this letter for good (5xx); trying again is no use. Says why, without the address;
    `is_address`: because of the address, which no other letter would reach either."""

    def __init__(self, message: str, is_address: bool = False):
        super().__init__(message)
        self.is_address = is_address


class PictureRefused(SaysoError):
    """A picture that cannot be read, or not within our limits; trying again is no use."""
