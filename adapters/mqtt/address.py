"""Where a value is in the messages of a broker, as a profile states it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _checked_pointer(text: str) -> str:
    if text and not text.startswith("/"):
        raise ValueError("a JSON pointer must start with /")
    return text


def _checked_zone(name: str) -> str:
    if name:
        try:
            ZoneInfo(name)
        except (KeyError, OSError, ValueError) as error:
            raise ValueError("wanted a name of the IANA time zones, as Europe/Moscow") from error
    return name


def _checked_topic(topic: str) -> str:
    levels = topic.split("/")
    if "#" in "".join(levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        raise ValueError("# must be the last level, alone")
    if any("+" in level and level != "+" for level in levels):
        raise ValueError("+ must be a whole level")
    return topic


def _check_scaling(codes: Mapping[str, float], scale: float, offset: float) -> None:
    if scale == 0:
        raise ValueError("scale 0 makes every value the same")
    if codes and (scale, offset) != (1.0, 0.0):
        raise ValueError("codes are states, which have neither scale nor offset")


Pointer = Annotated[str, AfterValidator(_checked_pointer)]
Zone = Annotated[str, AfterValidator(_checked_zone)]
TopicPattern = Annotated[str, AfterValidator(_checked_topic), Field(min_length=1)]


class MqttAddress(BaseModel):
    """Where a value is in JSON messages of a broker.

    In topics and pointers {unit} stands for the device's unit, and any other {name} for the option
    of that name of the device.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    topic: TopicPattern = Field(description="topic; levels may be the wildcards + and #")
    field: Pointer = Field("", description="JSON pointer (RFC 6901) of the value; empty: all of it")
    payload: Literal["json", "text"] = Field("json", description="text: the payload is the value")
    each: Pointer | None = Field(
        None, description="JSON pointer of an array; the other pointers start at its elements"
    )
    unit: Pointer | None = Field(
        None, description="JSON pointer of the unit, where the message names its device"
    )
    where: Mapping[Pointer, str | bool | int | float] = Field(
        {}, description="JSON pointers and what must be there, or the value is another's"
    )
    time: Pointer = Field("", description="JSON pointer of the time stamp; empty: there is none")
    time_unit: Literal["s", "ms", "us", "ns"] = Field("s", description="of a stamp as a number")
    zone: Zone = Field("", description="IANA time zone of stamps that name none")
    codes: Mapping[str, float] = Field(
        {}, description="words of the payload and the states they stand for; true is 1, false is 0"
    )
    scale: float = 1.0
    offset: float = 0.0
    set_topic: str = Field("", description="topic to which a new value is published")
    set_field: Pointer = Field("", description="JSON pointer of the value within that message")

    @model_validator(mode="after")
    def parts_agree(self) -> Self:
        _check_scaling(self.codes, self.scale, self.offset)
        if "+" in self.set_topic or "#" in self.set_topic:
            raise ValueError(f"set_topic {self.set_topic} must have no wildcards")
        of_json: Any = (self.field, self.each, self.unit, self.where, self.time)
        if self.payload == "text" and any(each not in ("", None, {}) for each in of_json):
            raise ValueError("payload text has neither fields nor a time stamp")
        return self


class SparkplugAddress(BaseModel):
    """A metric of a Sparkplug B edge node, or of a device behind it.

    The device's unit is group/node or group/node/device. In the metric {unit} and {option} have
    their places as in a topic.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: str = Field(min_length=1, description="name, as the birth has it")
    codes: Mapping[str, float] = Field({}, description="words and the states they stand for")
    scale: float = 1.0
    offset: float = 0.0

    @model_validator(mode="after")
    def parts_agree(self) -> Self:
        _check_scaling(self.codes, self.scale, self.offset)
        return self


class RawField(BaseModel):
    """Where a value is in the bytes that a device sent over LoRaWAN."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: int = Field(ge=0, le=241, description="first byte, from 0")  # 242: LoRaWAN's largest
    length: int = Field(1, ge=1, le=8, description="in bytes")
    type: Literal["uint", "int", "float", "bcd", "bit"] = "uint"
    endian: Literal["big", "little"] = "big"
    bit: int = Field(0, ge=0, le=63, description="of a bit: 0 is the lowest of the number")
    when: Mapping[int, int] = Field(
        {}, description="bytes, by place, that say that this message has the value"
    )

    @model_validator(mode="after")
    def parts_agree(self) -> Self:
        if self.type == "float" and self.length not in (4, 8):
            raise ValueError(f"a float has 4 or 8 bytes, found length {self.length}")
        if self.type == "bit" and self.bit >= 8 * self.length:
            raise ValueError(f"bit {self.bit} is beyond {self.length} bytes")
        return self


class LorawanAddress(BaseModel):
    """Where a value is in the uplinks that ChirpStack 4 publishes. The unit is the DevEUI.

    One of object, uplink and raw: a value that the network server decoded, one of the uplink
    itself (as /rxInfo/0/rssi), or bytes that are decoded here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    object: Pointer | None = Field(None, description="JSON pointer within the decoded object")
    uplink: Pointer | None = Field(None, description="JSON pointer within the whole event")
    raw: RawField | None = None
    port: int | None = Field(None, ge=1, le=223, description="only uplinks with this fPort")
    codes: Mapping[str, float] = Field({}, description="words and the states they stand for")
    scale: float = 1.0
    offset: float = 0.0

    @model_validator(mode="after")
    def one_place(self) -> Self:
        if sum(each is not None for each in (self.object, self.uplink, self.raw)) != 1:
            raise ValueError("wanted one of object, uplink and raw")
        _check_scaling(self.codes, self.scale, self.offset)
        return self

    def as_messages(self) -> MqttAddress:
        """Say the same of the JSON messages in which uplinks are published."""
        places = {"object": self.object, "uplink": self.uplink}
        prefix = "/object" if self.object is not None else ""
        found = next((each for each in places.values() if each is not None), "/data")
        return MqttAddress(
            topic="application/+/device/{unit}/event/up",
            field=prefix + found,
            time="/time",
            where={} if self.port is None else {"/fPort": self.port},
            codes=self.codes,
            scale=self.scale,
            offset=self.offset,
        )
