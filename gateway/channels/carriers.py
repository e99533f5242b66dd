"""The accounts that the file of channels gives, ready to be written to and to write."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.cases.answers import EMAIL
from gateway.channels.accounts import Accounts
from gateway.channels.carrier import Carrier
from gateway.channels.mail_out import MailCarrier
from gateway.channels.outside import ANYWHERE, Outside
from gateway.channels.telegram import TELEGRAM, Telegram
from gateway.channels.vk import VK, Vk


@dataclass(frozen=True, slots=True)
class Messengers:
    """Those that there are accounts for."""

    accounts: Accounts
    telegram: Telegram | None
    vk: Vk | None

    def carriers(self) -> Mapping[str, Carrier]:
        """Give what carries answers, by its name."""
        found: dict[str, Carrier] = {}
        if self.accounts.mail is not None:
            found[EMAIL] = MailCarrier(self.accounts.mail)
        if self.telegram is not None:
            found[TELEGRAM] = self.telegram
        if self.vk is not None:
            found[VK] = self.vk
        return found


def open_messengers(accounts: Accounts, outside: Outside) -> Messengers:
    """outside: for what strangers link to. The addresses of the accounts are of who runs us."""
    api = Outside(ANYWHERE)
    return Messengers(
        accounts,
        Telegram(accounts.telegram, api) if accounts.telegram else None,
        Vk(accounts.vk, api, outside) if accounts.vk else None,
    )
