"""The file of channels: the mailbox and the accounts by which people write and are answered."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.errors import ConfigError
from gateway.yaml_file import read_yaml


class MailAccount(BaseModel):
    """address: to which people write and from which answers come. smtp: URL of the server that
    sends them. imap: URL of the one that has the mailbox; empty: nobody looks into it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)
    smtp: str = Field(pattern=r"^smtps?://[^/@\s]+$")
    imap: str = Field("", pattern=r"^(imaps?://[^/@\s]+)?$")
    folder: str = Field("INBOX", min_length=1, max_length=100)
    user: str = Field("", max_length=254)
    password_file: Path | None = None

    @property
    def password(self) -> str:
        return secret_in(self.password_file) if self.password_file else ""


class TelegramAccount(BaseModel):
    """token_file: of the bot. secret_file: what Telegram shows in every call, as it was given to
    setWebhook as secret_token."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_file: Path
    secret_file: Path
    api: str = Field("https://api.telegram.org", pattern=r"^https?://[^/\s]+$")

    @property
    def token(self) -> str:
        return secret_in(self.token_file)

    @property
    def secret(self) -> str:
        return secret_in(self.secret_file)


class VkAccount(BaseModel):
    """group: number of the community. confirmation: what VK wants to be answered once. token_file:
    of the community. secret_file: what VK shows in every call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: int = Field(gt=0)
    confirmation: str = Field(min_length=1, max_length=100)
    token_file: Path
    secret_file: Path
    api: str = Field("https://api.vk.com", pattern=r"^https?://[^/\s]+$")

    @property
    def token(self) -> str:
        return secret_in(self.token_file)

    @property
    def secret(self) -> str:
        return secret_in(self.secret_file)


class Accounts(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mail: MailAccount | None = None
    telegram: TelegramAccount | None = None
    vk: VkAccount | None = None


def load_accounts(file: Path | None) -> Accounts:
    """Read the file. ConfigError names it, the key and what is wrong."""
    if file is None:
        return Accounts()
    accounts = read_yaml(file, TypeAdapter(Accounts))
    for account in (accounts.telegram, accounts.vk):
        if account is not None and not (account.token and account.secret):
            raise ConfigError(f"{file}: an account has an empty token_file or secret_file")
    return accounts


def secret_in(file: Path) -> str:
    """Give what is in a file that only we can read. ConfigError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error
