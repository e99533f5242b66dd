"""The file of channels: the mailbox and the accounts by which people write and are answered."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from core.errors import ConfigError
from gateway.yaml_file import read_yaml


class MailAccount(BaseModel):
    """address: from which answers come. smtp: URL of the server that sends them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(pattern=r"^[^@\s<>]+@[^@\s<>]+$", max_length=254)
    smtp: str = Field(pattern=r"^smtps?://[^/@\s]+$")
    user: str = Field("", max_length=254)
    password_file: Path | None = None

    @property
    def password(self) -> str:
        return secret_in(self.password_file) if self.password_file else ""


class Accounts(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mail: MailAccount | None = None


def load_accounts(file: Path | None) -> Accounts:
    """Read the file. ConfigError names it, the key and what is wrong."""
    return read_yaml(file, TypeAdapter(Accounts)) if file else Accounts()


def secret_in(file: Path) -> str:
    """Give what is in a file that only we can read. ConfigError where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from error
