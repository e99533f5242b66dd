"""Answers by mail: plain text, in the thread of what they answer."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from urllib.parse import urlsplit

import aiosmtplib

from core.errors import ConfigError
from gateway.channels.accounts import MailAccount
from gateway.channels.carrier import NotTaken, Parcel, Refused

TIMEOUT_S = 20.0
PERMANENT = 500  # RFC 5321, section 4.2.1: replies from here on are not to be repeated


class MailCarrier:
    """Sends by one account."""

    def __init__(self, account: MailAccount) -> None:
        self._account = account
        server = urlsplit(account.smtp)
        self._host, self._port = server.hostname or "", server.port
        self._is_tls = server.scheme == "smtps"

    async def bring(self, parcel: Parcel) -> None:
        """Return once the server has it."""
        try:
            await aiosmtplib.send(
                self._letter(parcel),
                hostname=self._host,
                port=self._port,
                use_tls=self._is_tls,
                start_tls=None,
                username=self._account.user or None,
                password=self._account.password or None,
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPResponseException as error:
            kind = Refused if error.code >= PERMANENT else NotTaken
            raise kind(f"{error.code} {error.message}") from error
        except aiosmtplib.SMTPRecipientsRefused as error:
            permanent = all(each.code >= PERMANENT for each in error.recipients)
            raise (Refused if permanent else NotTaken)(str(error)) from error
        except (aiosmtplib.SMTPException, OSError, ConfigError) as error:
            raise NotTaken(str(error) or type(error).__name__) from error
        except ValueError as error:  # an address that is none
            raise Refused(str(error)) from error

    def _letter(self, parcel: Parcel) -> EmailMessage:
        body, thread = parcel.body, parcel.body["thread"]
        letter = EmailMessage()
        letter["From"] = Address(addr_spec=self._account.address)
        letter["To"] = Address(addr_spec=parseaddr(parcel.address)[1])
        letter["Subject"] = body["subject"]
        letter["Message-ID"] = f"<{parcel.id}@{self._account.address.partition('@')[2]}>"
        if thread:
            letter["In-Reply-To"] = letter["References"] = thread
        # RFC 3834: so that no machine answers it, and a receipt is known as one.
        letter["Auto-Submitted"] = "auto-replied" if body["is_receipt"] else "auto-generated"
        letter.set_content(body["text"])
        return letter
