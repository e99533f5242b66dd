"""`edge.yaml`: who this edge is, its broker, its folders. What it reads comes from the gateway."""

import ssl
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from adapters.address import wrong_with_host
from adapters.document import Complaint, complaints_of, read_document
from adapters.mqtt.tls import link_tls, wrong_with_files
from adapters.profile import Profile, bundled_profiles, load_profiles
from core.errors import ConfigError
from edge.secrets import SecretUnreadable, first_line


def reachable(broker: str) -> str:
    """Give the address back, if something can be there."""
    if wrong := wrong_with_host(broker):
        raise ValueError(wrong.partition(", found")[0])
    return broker


class EdgeSettings(BaseModel):
    """A relative path is taken from the folder of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="as in the registry")]
    broker: Annotated[
        str,
        Field(pattern=r"^mqtts?://[^/?#]+$", description="mqtt://host:port or mqtts://…"),
        AfterValidator(reachable),
    ]
    broker_user: Annotated[str, Field(description="default: the id of the edge")] = ""
    broker_password_file: Annotated[
        Path | None, Field(description="file with the password in its first line")
    ] = None
    broker_ca_file: Annotated[
        Path | None, Field(description="PEM; the authorities that sign for the broker")
    ] = None
    broker_certificate_file: Annotated[
        Path | None, Field(description="PEM; who this edge is, for the broker")
    ] = None
    broker_key_file: Annotated[
        Path | None, Field(description="PEM; the key of the certificate, without a password")
    ] = None
    gateway: Annotated[
        str,
        Field(
            pattern=r"^(https?://[^/]+)?$",
            description="URL where the certificate is renewed; `kvartal edge enrol` writes it",
        ),
    ] = ""
    gateway_ca_file: Annotated[
        Path | None, Field(description="PEM; the authorities that sign for the gateway's https")
    ] = None
    data_dir: Annotated[Path, Field(description="spool and configuration copy live here")]
    profiles: Annotated[
        list[Path], Field(description="folders of device models beside the bundled ones")
    ] = []
    secrets_dir: Annotated[
        Path | None, Field(description="folder of files username:password that endpoints name")
    ] = None
    spool_megabytes: Annotated[
        int, Field(ge=8, description="the oldest telemetry is dropped beyond it; MiB")
    ] = 1024
    spool_days: Annotated[
        float,
        Field(gt=0, le=400, description="telemetry is dropped after so many days of running"),
    ] = 7

    @model_validator(mode="after")
    def files_fit(self) -> Self:
        if wrong := wrong_with_files(self.broker, *self._broker_files):
            raise ValueError(wrong)
        return self

    @property
    def _broker_files(self) -> tuple[Path | None, Path | None, Path | None]:
        return self.broker_ca_file, self.broker_certificate_file, self.broker_key_file

    @property
    def user(self) -> str:
        return self.broker_user or self.id

    @property
    def client_id(self) -> str:
        return f"kvartal-edge-{self.id}"

    def broker_password(self) -> str:
        """Give the password, or nothing where no file is named."""
        if self.broker_password_file is None:
            return ""
        try:
            return first_line(self.broker_password_file)
        except SecretUnreadable as error:
            raise ConfigError(
                f"{self.broker_password_file}: the broker's password cannot be read: {error}"
            ) from error

    def broker_tls(self) -> ssl.SSLContext:
        """Read whom the link trusts and what it shows. ConfigError where that cannot be."""
        return link_tls(*self._broker_files)

    def all_profiles(self) -> dict[str, Profile]:
        """Give every device model by name; one of a folder here stands over a bundled one."""
        profiles = dict(bundled_profiles())
        for folder in self.profiles:
            profiles |= load_profiles(folder)
        return profiles


def load_settings(path: Path) -> EdgeSettings:
    """Read `edge.yaml`. ConfigError says everything that is wrong with it, a line each."""
    document = read_document(path)
    content = document.content
    if not isinstance(content, dict):
        wanted = Complaint((), f"wanted a mapping of keys, found {type(content).__name__}")
        raise ConfigError(document.tell([wanted]))
    try:
        settings = EdgeSettings(**{str(key): value for key, value in content.items()})
    except ValidationError as error:
        wrong = [*document.repeated, *complaints_of(error)]
        raise ConfigError(document.tell(wrong)) from error
    if document.repeated:
        raise ConfigError(document.tell(document.repeated))
    folder = path.resolve().parent
    named = {key: value for key, value in settings if isinstance(value, Path)}
    return settings.model_copy(
        update={
            "profiles": [folder / each for each in settings.profiles],
            **{key: folder / value for key, value in named.items()},
        }
    )
