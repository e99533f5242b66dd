"""A method of the server, through which a value is set that no node lets itself be written."""

from dataclasses import dataclass

from asyncua import ua
from asyncua.common.node import Node
from asyncua.ua.uaerrors import UaError

LAST_NUMBER = ua.VariantType.Double.value


@dataclass(frozen=True, slots=True)
class Method:
    """owner: the object to which it belongs. It takes the value as its only argument."""

    owner: Node
    node: Node

    async def kind(self) -> ua.VariantType:
        """Give the type of its argument. UaError where it does not take one number."""
        found = await self.node.get_child("0:InputArguments")
        arguments = await found.read_value()
        kinds = [argument.DataType for argument in arguments or ()]
        if len(kinds) != 1:
            raise UaError(f"the method takes {len(kinds)} arguments, wanted 1")
        number = kinds[0].Identifier
        is_number = isinstance(number, int) and 0 < number <= LAST_NUMBER
        if kinds[0].NamespaceIndex != 0 or not is_number:
            raise UaError(f"the method takes a {kinds[0].to_string()}, wanted a number")
        return ua.VariantType(number)

    async def call(self, value: ua.Variant) -> None:
        await self.owner.call_method(self.node.nodeid, value)
