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
        if self.scale == 0:
            raise ValueError("scale 0 makes every value the same")
        if self.codes and (self.scale, self.offset) != (1.0, 0.0):
            raise ValueError("codes are states, which have neither scale nor offset")
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
        if self.scale == 0:
            raise ValueError("scale 0 makes every value the same")
        if self.codes and (self.scale, self.offset) != (1.0, 0.0):
            raise ValueError("codes are states, which have neither scale nor offset")
        return self
