"""The gateway's settings: a YAML file, over it the environment, over it the command line."""

import os
import ssl
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from adapters.address import wrong_with_host
from adapters.mqtt.tls import link_tls, wrong_with_files
from core.errors import ConfigError
from gateway.timeseries.day_files import RAW

PREFIX = "KVARTAL_GATEWAY_"
Role = Literal["api", "ingest", "worker"]
API: Role = "api"
INGEST: Role = "ingest"
WORKER: Role = "worker"
ROLES: tuple[Role, ...] = get_args(Role)
DRIVERS = {  # by the scheme of a URL
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}


class Settings(BaseSettings):
    """Every field may stand in the file, or in the environment as KVARTAL_GATEWAY_<FIELD>."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    data_dir: Path = Field(
        Path(".kvartal/gateway"), description="folder of the databases and the evidence files"
    )
    roles: Annotated[tuple[Role, ...], NoDecode] = Field(
        ROLES,
        min_length=1,
        description="what this process does, by commas: api, pages and HTTP; ingest, stores "
        "readings; worker, cases and edges, of which one works and others stand by. Fewer than all "
        "need PostgreSQL and a server for readings",
    )
    listen: str = Field(
        "127.0.0.1:8080",
        pattern=r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):\d{1,5}$",
        description="address and port of the HTTP server; port 0 takes a free one",
    )
    broker: str = Field(
        "mqtt://127.0.0.1:18830",
        pattern=r"^mqtts?://",
        description="URL of the MQTT 5 broker through which edges are reached",
    )
    broker_user: str = Field(
        "", max_length=100, description="account at the broker; empty: none is asked for"
    )
    broker_password_file: Path | None = Field(
        None, description="file that holds the account's password, readable by us alone"
    )
    broker_ca_file: Path | None = Field(
        None, description="PEM file of the authorities that sign for the broker"
    )
    broker_certificate_file: Path | None = Field(
        None, description="PEM file of the gateway's certificate, for the broker"
    )
    broker_key_file: Path | None = Field(
        None, description="PEM file of the certificate's key, without a password"
    )
    edge_broker: str = Field(
        "",
        pattern=r"^(mqtts://.+)?$",
        description="URL by which edges reach the broker; empty: the gateway's own",
    )
    enrolment_hours: float = Field(
        24, gt=0, le=720, description="hours for which an edge's enrolment token is good"
    )
    certificate_days: float = Field(
        90, gt=0, le=825, description="days for which an edge's certificate is good"
    )
    database_url: str = Field(
        "",
        description="URL of the case store, like postgresql://kvartal@db.example/kvartal; empty: "
        "SQLite in data_dir",
    )
    database_password_file: Path | None = Field(
        None, description="file that holds the database's password, readable by us alone"
    )
    database_ca_file: Path | None = Field(
        None,
        description="PEM file of the authorities that sign for the database, which is then spoken "
        "to by TLS alone, and by a name that stands in its certificate",
    )
    public_url: str = Field(
        "",
        pattern=r"^(https?://[^/]+)?$",
        description="where browsers find the gateway, without a path; empty: http://<listen>",
    )
    hosts: tuple[str, ...] = Field(
        ("127.0.0.1", "localhost"),
        min_length=1,
        description="names under which the gateway answers; a request for another one is refused",
    )
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"),
        description="addresses and networks of the proxies before the gateway; from them alone "
        "X-Forwarded-For says who asks, by which requests are limited",
    )
    session_hours: float = Field(
        12, gt=0, le=720, description="hours after which a person must sign in again"
    )
    link_hours: float = Field(
        24, gt=0, le=720, description="hours for which a sign-in link is good"
    )
    request_max_mb: float = Field(
        55, gt=0, le=200, description="megabytes that one request may carry, photos included"
    )
    edge_silent_s: float = Field(
        60, ge=5, le=3600, description="seconds without a word after which an edge counts as gone"
    )
    edge_lost_after_s: float = Field(
        30,
        ge=0,
        le=3600,
        description="seconds for which an edge must be gone before it is an incident; a restart is "
        "none",
    )
    clock_right_for_s: float = Field(
        60,
        ge=0,
        le=86_400,
        description="seconds for which a device's clock must be right before its alarm is cleared",
    )
    refused_quiet_s: float = Field(
        600,
        ge=0,
        le=86_400,
        description="seconds without a refused message after which the alarm about an edge that is "
        "not understood is cleared",
    )
    deadlines_file: Path | None = Field(
        None,
        description="YAML file of the deadlines in force; empty: those of the example region, "
        "gateway/deadlines/rules.yaml",
    )
    proof_file: Path | None = Field(
        None,
        description="YAML file of what proves that a trouble is over; empty: that of the example "
        "region, gateway/proof/rules.yaml",
    )
    escalation_file: Path | None = Field(
        None,
        description="YAML file of who is told of alarms that nobody acknowledges; empty: that of "
        "the example region, gateway/escalation/rules.yaml",
    )
    checklist_file: Path | None = Field(
        None,
        description="YAML file of what belongs to a piece of work; empty: that of the example "
        "region, gateway/checklists/checklists.yaml",
    )
    days_off_file: Path | None = Field(
        None,
        description="production calendar in the format of xmlcalendar.ru, which amends the public "
        "holidays that are known",
    )
    language_model_file: Path | None = Field(
        None,
        description="model of what messages are about, made by kvartal language train; empty: the "
        "bundled topics",
    )
    classify_from: float = Field(
        0.85,
        ge=0,
        le=1,
        description="chance of being right from which on what a message is about is taken as it "
        "reads; below it a person decides",
    )
    services_file: Path | None = Field(
        None,
        description="YAML file of what other systems are asked about each service of Open311; "
        "empty: gateway/channels/services.yaml",
    )
    answers_file: Path | None = Field(
        None,
        description="YAML file of what those who complained are told; empty: that of the example "
        "region, gateway/answers/templates.yaml",
    )
    channels_file: Path | None = Field(
        None,
        description="YAML file of the mailbox and the accounts by which people write and are "
        "answered, as docs/channels.md has it; empty: there are none",
    )
    outside_networks: tuple[str, ...] = Field(
        (),
        description="networks that are not on the Internet and that webhooks may reach all the "
        "same, like 10.1.2.0/24",
    )
    outbox_days: float = Field(
        7, gt=0, le=365, description="days for which changes are kept for clients that come back"
    )
    keep_readings_days: int = Field(
        92, ge=2, le=36_500, description="days for which every reading is kept"
    )
    keep_minutes_days: int = Field(
        400, ge=2, le=36_500, description="days for which roll-ups of readings by minute are kept"
    )
    keep_hours_days: int = Field(
        3700, ge=2, le=36_500, description="days for which roll-ups of readings by hour are kept"
    )
    keep_day_values_days: int = Field(
        36_500, ge=2, le=36_500, description="days for which roll-ups of readings by day are kept"
    )
    series_store: Literal["duckdb", "influxql", "promql"] = Field(
        "duckdb",
        description="where readings are kept: duckdb, in data_dir; influxql, InfluxDB; promql, "
        "VictoriaMetrics",
    )
    series_url: str = Field(
        "",
        pattern=r"^(https?://.+[^/])?$",
        description="URL of the InfluxDB or VictoriaMetrics, without a slash at its end",
    )
    series_bucket: str = Field(
        "kvartal",
        pattern=r"^[a-z][a-z0-9_]{0,62}$",
        description="database of the InfluxDB; first part of the metrics' names in VictoriaMetrics",
    )
    series_secret_file: Path | None = Field(
        None,
        description="file that holds the store's token, or user:password, readable by us alone",
    )
    series_settle_s: float = Field(
        60,
        ge=0,
        le=240,
        description="seconds after which VictoriaMetrics has on disk what it accepted; edges keep "
        "it that much longer",
    )
    web_dir: Path = Field(
        Path(__file__).parent / "web" / "dist", description="folder of the built pages"
    )

    @field_validator("roles", mode="before")
    @classmethod
    def roles_by_commas(cls, value: object) -> object:
        return [each.strip() for each in value.split(",")] if isinstance(value, str) else value

    @field_validator("listen")
    @classmethod
    def port_exists(cls, value: str) -> str:
        if int(value.rpartition(":")[2]) > 65_535:
            raise ValueError("the port is above 65535")
        return value

    @field_validator("trusted_proxies", "outside_networks")
    @classmethod
    def networks_are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in value:
            ip_network(proxy)
        return value

    @field_validator("broker", "edge_broker")
    @classmethod
    def broker_is_reachable(cls, value: str) -> str:
        if value and (wrong := wrong_with_host(value)):
            raise ValueError(wrong.partition(", found")[0])
        return value

    @model_validator(mode="after")
    def files_fit(self) -> Self:
        if wrong := wrong_with_files(self.broker, *self._broker_files):
            raise ValueError(wrong)
        return self

    @model_validator(mode="after")
    def store_is_reachable(self) -> Self:
        if self.series_store != "duckdb" and not self.series_url:
            raise ValueError(f"series_url: wanted where the store listens for {self.series_store}")
        return self

    @model_validator(mode="after")
    def roles_fit(self) -> Self:
        if set(self.roles) != set(ROLES) and not self.is_shared:
            raise ValueError(
                f"roles: {', '.join(self.roles)} alone need stores that other processes reach: a "
                f"database_url of PostgreSQL, found {self.database_url or 'SQLite'}, and a "
                f"series_store of influxql or promql, found {self.series_store}"
            )
        return self

    @model_validator(mode="after")
    def database_fits(self) -> Self:
        if wrong := self._wrong_with_database():
            raise ValueError(f"database_url: {wrong}")  # without it: it may hold a password
        return self

    def _wrong_with_database(self) -> str:
        try:
            url = make_url(self.database_url or "sqlite://")
        except ArgumentError:
            return "wanted a URL like postgresql://kvartal@db.example/kvartal"
        if url.password is not None:
            return "there is a password in it, which others may read; use database_password_file"
        if url.drivername not in DRIVERS:
            return f"wanted postgresql:// or sqlite://, found {url.drivername}://"
        if url.get_backend_name() == "postgresql" and not (url.username and url.database):
            return "wanted the account and the database, as in postgresql://kvartal@host/kvartal"
        return ""

    @property
    def _broker_files(self) -> tuple[Path | None, Path | None, Path | None]:
        return self.broker_ca_file, self.broker_certificate_file, self.broker_key_file

    @property
    def is_shared(self) -> bool:
        """Tell whether other processes can work on the same stores."""
        return self.database_url.startswith("postgresql") and self.series_store != "duckdb"

    @property
    def host(self) -> str:
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        return int(self.listen.rpartition(":")[2])

    @property
    def origin(self) -> str:
        """Where browsers find the gateway, like http://127.0.0.1:8080."""
        return self.public_url or f"http://{self.listen}"

    @property
    def database(self) -> URL:
        """URL of the relational store. ConfigError where the file of its password is not there."""
        if not self.database_url:
            return URL.create("sqlite+aiosqlite", database=str(self.data_dir / "kvartal.sqlite"))
        url = make_url(self.database_url)
        return url.set(
            drivername=DRIVERS[url.drivername],
            password=_secret("database_password_file", self.database_password_file) or None,
        )

    def database_tls(self) -> ssl.SSLContext | None:
        """Read whom the store must be certified by; None where it is not asked for TLS."""
        if self.database_ca_file is None:
            return None
        try:
            return ssl.create_default_context(cafile=self.database_ca_file)
        except OSError as error:
            raise ConfigError(f"database_ca_file: {self.database_ca_file}: {error}") from error

    @property
    def broker_password(self) -> str:
        """Read the broker's password. ConfigError where its file cannot be read."""
        return _secret("broker_password_file", self.broker_password_file)

    @property
    def series_secret(self) -> str:
        """Read what opens the store of readings. ConfigError where its file cannot be read."""
        return _secret("series_secret_file", self.series_secret_file)

    @property
    def broker_of_edges(self) -> str:
        """URL by which edges reach the broker."""
        return self.edge_broker or self.broker

    def broker_tls(self) -> ssl.SSLContext:
        """Read whom the link trusts and what it shows. ConfigError where that cannot be."""
        return link_tls(*self._broker_files)

    @property
    def keep_series(self) -> dict[str, int]:
        """Days for which readings, and roll-ups of each level, are kept."""
        return {
            RAW: self.keep_readings_days,
            "minutes": self.keep_minutes_days,
            "hours": self.keep_hours_days,
            "days": self.keep_day_values_days,
        }

    @property
    def request_max_bytes(self) -> int:
        return int(self.request_max_mb * 1_000_000)


def _secret(field: str, file: Path | None) -> str:
    if file is None:
        return ""
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{field}: {error}") from error


def load_settings(file: Path | None = None, **options: Any) -> Settings:
    """Read the settings. ConfigError names the place, the key, what was wanted and what was found.

    options: from the command line, by field; those that are None were not given.
    """
    content = _content(file) if file else {}
    given = {field: value for field, value in options.items() if value is not None}

    class Layered(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, InitSettingsSource(settings_cls, content)

    unknown = [
        f"{name}: there is no such setting"
        for name in sorted(os.environ)
        if name.startswith(PREFIX)
        and name.removeprefix(PREFIX).lower() not in Settings.model_fields
    ]
    if unknown:
        raise ConfigError("\n".join(unknown))
    try:
        return Layered(**given)
    except ValidationError as error:
        raise ConfigError("\n".join(_complaints(error, file, given))) from error


def _content(file: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: cannot be read as YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{file}: wanted a mapping of keys, found {type(content).__name__}")
    return {str(key): value for key, value in content.items()}


def _complaints(
    error: ValidationError, file: Path | None, given: Mapping[str, Any]
) -> Iterable[str]:
    for item in error.errors(include_url=False):
        key = str(item["loc"][0]) if item["loc"] else ""
        if not key:  # several fields together
            yield item["msg"].removeprefix("Value error, ")
            continue
        if key in given:
            source = f"--{key.replace('_', '-')}"
        elif PREFIX + key.upper() in os.environ:
            source = PREFIX + key.upper()
        else:
            source = f"{file}: {'.'.join(map(str, item['loc']))}"
        yield f"{source}: {item['msg']}, found {item['input']!r}"
