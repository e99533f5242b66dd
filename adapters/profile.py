"""A device model as a YAML file: its signals, where they are found on the wire, and its alarms."""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.alarm import AlarmRule, AlarmTest, Severity
from core.errors import ConfigError
from core.signal import Signal, SignalKind

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Language = Annotated[str, Field(pattern=r"^(en|ru)$")]
Words = Annotated[dict[Language, str], Field(min_length=2, description="by language: en and ru")]
NodeTemplate = Annotated[str, Field(description="node id; {unit} stands for the device's unit")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModbusAddress(Strict):
    """Where a value is in a Modbus device."""

    table: Literal["holding", "input", "coil", "discrete"] = "holding"
    address: int = Field(ge=0, le=65535, description="zero-based, as it is on the wire")
    type: Literal["u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bit"] = "u16"
    order: Literal["big", "little", "big_swapped", "little_swapped"] = Field(
        "big",
        description="order of bytes: big ABCD, little DCBA, big_swapped BADC, little_swapped CDAB",
    )
    scale: float = Field(1.0, description="value = raw × scale + offset, in the signal's unit")
    offset: float = 0.0


class OpcUaAddress(Strict):
    """Where a value is in an OPC UA server."""

    node: NodeTemplate


class MqttAddress(Strict):
    """Where a value is in JSON messages of a broker."""

    topic: str = Field(description="topic; {unit} stands for the device's unit")
    field: str = Field(description="JSON pointer (RFC 6901) of the value within the message")
    time: str = Field("", description="JSON pointer of the time stamp: ISO 8601, or seconds UTC")
    scale: float = 1.0
    offset: float = 0.0
    set_topic: str = Field("", description="topic to which a new value is published")
    set_field: str = Field("", description="JSON pointer of the value within that message")


class CameraAddress(Strict):
    """What a camera's pictures are turned into."""

    measure: Literal["cars", "brightness", "frame_rate"]


class SignalProfile(Strict):
    """A signal of the model. The words are those of core.signal.Signal."""

    key: Key
    name: Words
    unit: str = "1"
    kind: SignalKind = SignalKind.GAUGE
    writable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    deadband: float = Field(0.0, ge=0)
    every_s: float = Field(300.0, gt=0, description="reported at least that often")
    poll_s: float = Field(5.0, gt=0, description="period of polling or sampling, seconds")
    silent_after_s: float = Field(60.0, gt=0)
    states: dict[int, Words] = {}
    modbus: ModbusAddress | None = None
    opcua: OpcUaAddress | None = None
    mqtt: MqttAddress | None = None
    camera: CameraAddress | None = None

    def as_signal(self) -> Signal:
        """Give what the rest of the system knows of the signal."""
        return Signal(
            key=self.key,
            name=dict(self.name),
            unit=self.unit,
            kind=self.kind,
            writable=self.writable,
            minimum=self.minimum,
            maximum=self.maximum,
            deadband=self.deadband,
            every_s=self.every_s,
            silent_after_s=self.silent_after_s,
            states={code: dict(words) for code, words in self.states.items()},
        )


class AlarmProfile(Strict):
    """An alarm of the model. The words are those of core.alarm.AlarmRule."""

    key: Key
    signal: Key
    test: AlarmTest
    limit: float
    severity: Severity
    problem: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$", description="category of the case")
    name: Words
    deadband: float = Field(0.0, ge=0)
    on_delay_s: float = Field(0.0, ge=0)
    off_delay_s: float = Field(0.0, ge=0)
    cause: Words | None = None
    consequence: Words | None = None
    action: Words | None = None

    def as_rule(self) -> AlarmRule:
        """Give the rule that the evaluator takes."""
        return AlarmRule(
            **self.model_dump(exclude={"cause", "consequence", "action"}),
            cause=dict(self.cause or {}),
            consequence=dict(self.consequence or {}),
            action=dict(self.action or {}),
        )


class FindingProfile(Strict):
    """Something the device reports as having happened, without a signal to test or an end."""

    key: Key
    severity: Severity
    problem: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$", description="category of the case")
    name: Words
    cause: Words | None = None
    consequence: Words | None = None
    action: Words | None = None


class Profile(Strict):
    """A device model. source: the vendor's document, revision and table, or "generic" and why."""

    profile: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    family: Literal[
        "electricity_meter", "water_meter", "heat_meter", "heat_point", "lift", "street_light",
        "feeder_cabinet", "traffic_controller", "air_quality", "gas", "flood", "camera", "edge",
    ]  # fmt: skip
    protocol: Literal["modbus", "opcua", "mqtt", "camera", "internal"]
    name: Words
    source: str = Field(min_length=7)
    signals: tuple[SignalProfile, ...] = Field(min_length=1)
    alarms: tuple[AlarmProfile, ...] = ()
    findings: tuple[FindingProfile, ...] = ()

    @model_validator(mode="after")
    def references_hold(self) -> Self:
        keys = [signal.key for signal in self.signals]
        for key in keys:
            if keys.count(key) > 1:
                raise ValueError(f"signal {key} is there twice")
        for alarm in self.alarms:
            if alarm.signal not in keys:
                raise ValueError(f"alarm {alarm.key}: there is no signal {alarm.signal}")
        if self.protocol != "internal":
            for signal in self.signals:
                if getattr(signal, self.protocol) is None:
                    raise ValueError(f"signal {signal.key} has no address `{self.protocol}:`")
        return self

    def signal(self, key: str) -> SignalProfile:
        """Give the signal with this key. KeyError where the model has none."""
        for signal in self.signals:
            if signal.key == key:
                return signal
        raise KeyError(key)


def load_profile(path: Path) -> Profile:
    """Read one profile. ConfigError names the file, the key, what was wanted and what was found."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: cannot be read as YAML: {error}") from error
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path}: wanted a mapping of keys, found {type(content).__name__}")
    try:
        profile = Profile.model_validate(content)
    except ValidationError as error:
        raise ConfigError("\n".join(complaints(str(path), error))) from error
    if profile.profile != path.stem:
        raise ConfigError(f"{path}: profile {profile.profile} must be in {profile.profile}.yaml")
    return profile


def complaints(file: str, error: ValidationError) -> Iterable[str]:
    """Turn each complaint of pydantic into a line: file: key: wish, found value."""
    for item in error.errors(include_url=False):
        key = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]
        ).lstrip(".")
        found: Any = item["input"]
        shown = "" if isinstance(found, (dict, list, tuple, BaseModel)) else f", found {found!r}"
        wish = item["msg"].removeprefix("Value error, ")  # what pydantic puts before our own words
        yield f"{file}: {key + ': ' if key else ''}{wish}{shown}"


def load_profiles(folder: Path) -> dict[str, Profile]:
    """Read every profile below a folder, by name. ConfigError for a broken or a repeated one."""
    profiles: dict[str, Profile] = {}
    for path in sorted(folder.rglob("*.yaml")):
        profile = load_profile(path)
        if profile.profile in profiles:
            raise ConfigError(f"{path}: profile {profile.profile} is there twice")
        profiles[profile.profile] = profile
    return profiles


@cache
def bundled_profiles() -> dict[str, Profile]:
    """Give the profiles that come with Kvartal, by name."""
    with resources.as_file(resources.files("adapters") / "profiles") as folder:
        return load_profiles(folder)
