"""The carriers that the file of channels gives."""

from collections.abc import Mapping

from gateway.cases.answers import EMAIL
from gateway.channels.accounts import Accounts
from gateway.channels.carrier import Carrier
from gateway.channels.mail_out import MailCarrier


def carriers_of(accounts: Accounts) -> Mapping[str, Carrier]:
    """Give what carries answers, by its name."""
    found: dict[str, Carrier] = {}
    if accounts.mail is not None:
        found[EMAIL] = MailCarrier(accounts.mail)
    return found
