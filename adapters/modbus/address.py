"""Where a value is in a Modbus device, and what the device needs beside the protocol."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from adapters.document import Complaint, mappings

REGISTERS = {
    "bit": 1, "u16": 1, "i16": 1, "bcd16": 1, "u32": 2, "i32": 2, "f32": 2, "bcd32": 2,
    "u64": 4, "i64": 4, "f64": 4, "bcd64": 4,
}  # fmt: skip


class ModbusAddress(BaseModel):
    """Where a value is in a Modbus device."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: Literal["holding", "input", "coil", "discrete"] = "holding"
    address: int = Field(
        ge=0, le=65535, description="as on the wire, from zero; `modbus.first_register` changes it"
    )
    type: Literal[
        "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "bcd16", "bcd32", "bcd64", "bit"
    ] = "u16"
    order: Literal["big", "little", "big_swapped", "little_swapped"] = Field(
        "big",
        description="order of bytes: big ABCD, little DCBA, big_swapped BADC, little_swapped CDAB",
    )
    bit: int | None = Field(
        None, ge=0, le=63, description="the lowest bit of the value within registers; 0 is lowest"
    )
    width: int = Field(1, ge=1, le=32, description="how many bits from `bit` up are the value")
    scale: float = Field(1.0, description="value = raw × scale + offset, in the signal's unit")
    offset: float = 0.0

    @property
    def registers(self) -> int:
        """Give how many registers, coils or discrete inputs the value takes."""
        return REGISTERS[self.type]

    @model_validator(mode="after")
    def fits(self) -> Self:
        if self.scale == 0:
            raise ValueError("scale 0 makes every value the same")
        if self.table in {"coil", "discrete"} and (self.registers > 1 or self.bit is not None):
            raise ValueError(f"a {self.table} is a single bit, found {self.type}")
        if self.bit is None:
            if self.width != 1:
                raise ValueError("width wants a bit to count from")
        elif not self.type.startswith("u") or self.bit + self.width > 16 * self.registers:
            raise ValueError(
                f"bits {self.bit} to {self.bit + self.width - 1} want a type that holds them: "
                f"u16, u32 or u64, found {self.type}"
            )
        return self


class ModbusManners(BaseModel):
    """What a Modbus device needs beside the protocol, and how its document counts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most_registers: int = Field(125, ge=1, le=125, description="in one request")
    gap: int = Field(
        8, ge=0, le=100, description="unlisted registers read over rather than asked around"
    )
    one_by_one: bool = Field(False, description="a request for each signal; nothing is merged")
    pause_s: float = Field(
        0.0, ge=0, le=1, description="between an answer and the next request, seconds"
    )
    write_several: bool = Field(
        False, description="knows functions 15 and 16 only, also for a single coil or register"
    )
    first_register: Literal[0, 1] = Field(
        0, description="1 where the document counts registers from one"
    )
    first_coil: Literal[0, 1] = Field(
        0, description="1 where the document counts coils and discrete inputs from one"
    )

    def on_wire(self, at: ModbusAddress) -> int:
        """Give an address as it is on the wire, counted from zero."""
        is_bit = at.table in {"coil", "discrete"}
        return at.address - (self.first_coil if is_bit else self.first_register)


def misplaced(profile: Mapping[str, Any]) -> Iterator[Complaint]:
    """Give the signals that the device's manners leave no place for.

    profile: as YAML gave it, or as a model dumps it. What is wrong in itself is said elsewhere.
    """
    try:
        manners = ModbusManners.model_validate(profile.get("modbus", {}))
    except ValidationError:
        return
    for place, signal in mappings(profile, "signals"):
        if signal.get("modbus") is None:
            continue
        try:
            at = ModbusAddress.model_validate(signal["modbus"])
        except ValidationError:
            continue
        if text := _misfit(manners, at):
            key = signal.get("key")
            yield Complaint(("signals", place, "modbus"), f"signal {key}: {text}")


def _misfit(manners: ModbusManners, at: ModbusAddress) -> str:
    first = manners.on_wire(at)
    if first < 0:
        return "address 0 is below the first, which is 1"
    if first + at.registers > 65536:
        return f"a {at.type} at {at.address} ends above 65535"
    if at.registers > manners.most_registers:
        return f"a {at.type} takes {at.registers} registers, most_registers is " + str(
            manners.most_registers
        )
    return ""
