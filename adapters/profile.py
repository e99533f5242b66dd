"""A device model as a YAML file: its signals, where they are found on the wire, and its alarms."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from adapters.document import Complaint, complaints_of, mappings, read_document
from adapters.modbus.address import ModbusAddress, ModbusManners, misplaced
from adapters.mqtt.address import LorawanAddress, MqttAddress, SparkplugAddress
from core.alarm import AlarmRule, AlarmTest, Condition, Severity
from core.errors import ConfigError
from core.signal import Signal, SignalKind

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Language = Annotated[str, Field(pattern=r"^(en|ru)$")]
Words = Annotated[dict[Language, str], Field(min_length=2, description="by language: en and ru")]
NodeTemplate = Annotated[
    str,
    Field(
        pattern=r"^(\{unit\}|((ns=\d+|nsu=[^;]+);)?[isgb]=.)",
        description="node id, `nsu=URI;s=…` or `ns=2;s=…`; {unit} stands for the device's unit",
    ),
]

# All that may be set of a traffic controller. Which lamp burns is its own to say: behind a plan
# stands its conflict guard, behind an order to a single lamp nothing would.
OF_A_WHOLE_JUNCTION = ("plan", "flash", "priority")

OF_LINK = "link_"  # of a device's diagnostics, beside its own signals

# What devices behind one endpoint may speak, where that is more than its protocol's own name.
FORMS = {"mqtt": ["mqtt", "sparkplug", "lorawan"]}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OpcUaAddress(Strict):
    """Where a value is in an OPC UA server."""

    node: NodeTemplate
    sampling_s: float | None = Field(
        None, gt=0, description="how often the server looks at the value; default: poll_s"
    )
    queue: int = Field(
        10, ge=1, le=10_000, description="values kept by the server between two responses"
    )
    deadband: float = Field(0.0, ge=0, description="a smaller change is not sent by the server")
    deadband_percent: bool = Field(
        False, description="deadband is in percent of the node's EURange, not in its unit"
    )
    method: NodeTemplate | Literal[""] = Field(
        "", description="method that sets the value, its only argument; else the node is written"
    )
    method_of: NodeTemplate | Literal[""] = Field("", description="object of the method")

    @model_validator(mode="after")
    def a_method_has_its_object(self) -> Self:
        if bool(self.method) != bool(self.method_of):
            raise ValueError("method and method_of go together")
        return self


class CameraAddress(Strict):
    """What a camera's pictures are turned into."""

    measure: Literal["cars", "brightness", "frame_rate"]


class SwitchProfile(Strict):
    """A position of a switch at the device."""

    signal: Key = Field(description="another signal of the device")
    state: int


class SignalProfile(Strict):
    """A signal of the model. The words are those of core.signal.Signal."""

    key: Key
    name: Words
    unit: str = Field("1", max_length=40)
    kind: SignalKind = SignalKind.GAUGE
    writable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    rated: float | None = Field(None, gt=0, description="what the plate says: its full power")
    deadband: float = Field(0.0, ge=0)
    every_s: float = Field(300.0, gt=0, description="reported at least that often")
    poll_s: float = Field(5.0, gt=0, description="period of polling or sampling, seconds")
    silent_after_s: float = Field(60.0, gt=0)
    states: dict[int, Words] = {}
    by_hand: frozenset[int] = Field(
        frozenset(), description="states that are set at the device alone, never from afar"
    )
    by_hand_while: SwitchProfile | None = Field(
        None, description="while this is so, the device takes no order from afar: local mode"
    )
    modbus: ModbusAddress | None = None
    opcua: OpcUaAddress | None = None
    mqtt: MqttAddress | None = None
    sparkplug: SparkplugAddress | None = None
    lorawan: LorawanAddress | None = None
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
            rated=self.rated,
            deadband=self.deadband,
            every_s=self.every_s,
            silent_after_s=self.silent_after_s,
            states={code: dict(words) for code, words in self.states.items()},
        )


class ConditionProfile(Strict):
    """The words are those of core.alarm.Condition."""

    signal: Key = Field(description="another signal of the device")
    test: AlarmTest
    limit: float

    @field_validator("test")
    @classmethod
    def is_of_values(cls, test: AlarmTest) -> AlarmTest:
        if test in {AlarmTest.UNCHANGED, AlarmTest.SILENT}:
            raise ValueError("a condition tests a value: above, below, equals or differs")
        return test


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
    latching: bool = Field(False, description="a person must reset it once it is back to normal")
    when: tuple[ConditionProfile, ...] = Field((), description="all must hold, or it clears")
    cause: Words | None = None
    consequence: Words | None = None
    action: Words | None = None

    @model_validator(mode="after")
    def conditions_are_for_values(self) -> Self:
        if self.when and self.test in {AlarmTest.UNCHANGED, AlarmTest.SILENT}:
            raise ValueError(f"when is for tests of a value, not for {self.test}")
        return self

    def as_rule(self) -> AlarmRule:
        """Give the rule that the evaluator takes."""
        return AlarmRule(
            **self.model_dump(exclude={"when", "cause", "consequence", "action"}),
            when=tuple(Condition(**each.model_dump()) for each in self.when),
            cause=dict(self.cause or {}),
            consequence=dict(self.consequence or {}),
            action=dict(self.action or {}),
        )


class OpcUaCondition(Strict):
    """A condition that the server keeps by itself (OPC UA Part 9)."""

    source: NodeTemplate
    condition: str = Field("", description="its ConditionName; empty for any of the source")


class FindingProfile(Strict):
    """Something the device reports as having happened, without a signal to test or an end."""

    key: Key
    severity: Severity
    problem: str = Field(pattern=r"^[a-z_]+(\.[a-z_]+)*$", description="category of the case")
    name: Words
    cause: Words | None = None
    consequence: Words | None = None
    action: Words | None = None
    opcua: OpcUaCondition | None = None


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
    modbus: ModbusManners = ModbusManners()
    signals: tuple[SignalProfile, ...] = Field(min_length=1)
    alarms: tuple[AlarmProfile, ...] = ()
    findings: tuple[FindingProfile, ...] = ()

    @model_validator(mode="after")
    def references_hold(self) -> Self:
        if wrong := [each.text for each in dangling(self.model_dump())]:
            raise ValueError("; ".join(wrong))
        return self

    def modbus_address(self, at: ModbusAddress) -> int:
        """Give an address as it is on the wire, counted from zero."""
        return self.modbus.on_wire(at)

    def signal(self, key: str) -> SignalProfile:
        """Give the signal with this key. KeyError where the model has none."""
        for signal in self.signals:
            if signal.key == key:
                return signal
        raise KeyError(key)


def load_profile(path: Path) -> Profile:
    """Read one profile. ConfigError says everything that is wrong with it, a line each."""
    document = read_document(path)
    content = document.content
    if not isinstance(content, Mapping):
        wanted = Complaint((), f"wanted a mapping of keys, found {type(content).__name__}")
        raise ConfigError(document.tell([wanted]))
    profile = None
    wrong = [*document.repeated, *dangling(content)]
    try:
        profile = Profile.model_validate(content)
    except ValidationError as error:
        # What is said of the whole profile is in `dangling` with its place.
        wrong += [each for each in complaints_of(error) if each.location]
    name = content.get("profile")
    if isinstance(name, str) and name != path.stem:
        wrong.append(Complaint(("profile",), f"profile {name} must be in {name}.yaml"))
    if wrong or profile is None:
        raise ConfigError(document.tell(wrong))
    return profile


def dangling(content: Mapping[str, Any]) -> Iterator[Complaint]:
    """Give what in a profile refers to nothing or is there twice, whatever else is wrong with it.

    content: as YAML gave it, or as a model dumps it.
    """
    keys: list[Any] = []
    protocol = str(content.get("protocol"))
    addresses = FORMS.get(protocol, [protocol] if protocol in SignalProfile.model_fields else [])
    for place, signal in mappings(content, "signals"):
        key = signal.get("key")
        if key in keys:
            yield Complaint(("signals", place, "key"), f"signal {key} is there twice")
        if protocol != "internal" and str(key).startswith(OF_LINK):
            text = f"signal {key}: keys that begin with {OF_LINK} are what the edge tells itself"
            yield Complaint(("signals", place, "key"), text)
        found = [each for each in addresses if signal.get(each) is not None]
        if addresses and not found:
            wanted = " or ".join(f"`{each}:`" for each in addresses)
            yield Complaint(("signals", place), f"signal {key} has no address {wanted}")
        is_of_traffic = content.get("family") == "traffic_controller"
        if is_of_traffic and signal.get("writable") and key not in OF_A_WHOLE_JUNCTION:
            allowed = ", ".join(OF_A_WHOLE_JUNCTION)
            text = f"signal {key} of a traffic controller must not be writable; only {allowed} may"
            yield Complaint(("signals", place, "writable"), text)
        for code in sorted(_unset(signal)):
            text = f"signal {key} has no state {code} that could be set"
            yield Complaint(("signals", place, "by_hand"), text)
        switch = signal.get("by_hand_while")
        if isinstance(switch, Mapping) and not _is_state(content, switch):
            text = (
                f"signal {key}: there is no state {switch.get('state')} of {switch.get('signal')}"
            )
            yield Complaint(("signals", place, "by_hand_while"), text)
        if len(found) > 1:
            text = f"signal {key} has more than one address: {', '.join(found)}"
            yield Complaint(("signals", place), text)
        keys.append(key)
    for place, alarm in mappings(content, "alarms"):
        if "signal" in alarm and alarm["signal"] not in keys:
            text = f"alarm {alarm.get('key')}: there is no signal {alarm['signal']}"
            yield Complaint(("alarms", place, "signal"), text)
        for number, condition in mappings(alarm, "when"):
            if "signal" in condition and condition["signal"] not in keys:
                text = f"alarm {alarm.get('key')}: there is no signal {condition['signal']}"
                yield Complaint(("alarms", place, "when", number, "signal"), text)
    yield from misplaced(content)


def _is_state(content: Mapping[str, Any], switch: Mapping[str, Any]) -> bool:
    """Tell whether the model has the position of a switch."""
    signals = [each for _, each in mappings(content, "signals")]
    own = next((each for each in signals if each.get("key") == switch.get("signal")), {})
    states = own.get("states")
    return isinstance(states, Mapping) and switch.get("state") in states


def _unset(signal: Mapping[str, Any]) -> set[Any]:
    """Give what is `by_hand` and could not be set from afar anyhow."""
    named, states = signal.get("by_hand"), signal.get("states")
    if not isinstance(named, (list, set, frozenset)):
        return set()
    settable = states if signal.get("writable") and isinstance(states, Mapping) else {}
    return {code for code in named if isinstance(code, int) and code not in settable}


def read_profiles(folder: Path) -> tuple[dict[str, Profile], list[str]]:
    """Give the good profiles below a folder, by name, and what is wrong with the others."""
    if not folder.is_dir():
        return {}, [f"{folder}: wanted a folder of profiles, found none"]
    profiles: dict[str, Profile] = {}
    wrong = []
    for path in sorted(folder.rglob("*.yaml")):
        try:
            profile = load_profile(path)
        except ConfigError as error:
            wrong.append(str(error))
            continue
        if profile.profile in profiles:
            wrong.append(f"{path}: profile {profile.profile} is there twice")
        profiles[profile.profile] = profile
    return profiles, wrong


def load_profiles(folder: Path) -> dict[str, Profile]:
    """Read every profile below a folder, by name. ConfigError says all that is wrong in them."""
    profiles, wrong = read_profiles(folder)
    if wrong:
        raise ConfigError("\n".join(wrong))
    return profiles


@cache
def bundled_profiles() -> dict[str, Profile]:
    """Give the profiles that come with Kvartal, by name."""
    with resources.as_file(resources.files("adapters") / "profiles") as folder:
        return load_profiles(folder)
