"""What a server shows: its variables, from the Objects folder down."""

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from adapters.contract import FoundPoint
from adapters.opcua.namespaces import Namespaces

SERVER = ua.NodeId(ua.Int32(ObjectIds.Server))
OBJECTS = ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder))
HIERARCHICAL = ua.NodeId(ua.Int32(ObjectIds.HierarchicalReferences))
PROPERTY = ua.NodeId(ua.Int32(ObjectIds.HasProperty))
AT_ONCE = 100  # nodes in one request
MOST = 100_000  # nodes of one server; a space that goes in circles or is made up ends there
ANY = 24  # BaseDataType; below it stand the built-in types (Part 6, 5.1.2)
ATTRIBUTES = (
    AttributeIds.DataType,
    AttributeIds.ValueRank,
    AttributeIds.UserAccessLevel,
    AttributeIds.Value,
)
CAN_WRITE = 0b10  # bit of UserAccessLevel (Part 3, 8.57)
SCALAR = -1  # ValueRank (Part 3, 5.6.2)


async def browse_variables(client: Client, names: Namespaces) -> AsyncIterator[FoundPoint]:
    """Give every variable below Objects, without the server's own and without properties."""
    seen = {SERVER, OBJECTS}
    level = [(OBJECTS, "")]
    while level and len(seen) < MOST:
        below: list[tuple[ua.NodeId, str]] = []
        for some in batches(level):
            found = []
            async for path, reference in children(client, some):
                if reference.NodeId in seen:
                    continue
                seen.add(reference.NodeId)
                name = f"{path}{reference.DisplayName.Text or reference.BrowseName.Name}"
                below.append((reference.NodeId, f"{name}/"))
                if reference.NodeClass is ua.NodeClass.Variable:
                    found.append((reference.NodeId, name))
            for variables in batches(found):
                for point in await described(client, names, variables):
                    yield point
        level = below


async def children(
    client: Client, parents: Sequence[tuple[ua.NodeId, str]]
) -> AsyncIterator[tuple[str, Any]]:
    """Give the objects and variables below some nodes, each with its parent's path."""
    wanted = ua.BrowseParameters()
    wanted.RequestedMaxReferencesPerNode = 1000
    wanted.NodesToBrowse = [
        ua.BrowseDescription(
            NodeId=node,
            BrowseDirection=ua.BrowseDirection.Forward,
            ReferenceTypeId=HIERARCHICAL,
            IncludeSubtypes=True,
            NodeClassMask=ua.NodeClass.Object | ua.NodeClass.Variable,
            ResultMask=ua.BrowseResultMask.All,
        )
        for node, _ in parents
    ]
    results = await client.uaclient.session.browse(wanted)
    waiting = [(path, result) for (_, path), result in zip(parents, results, strict=True)]
    while waiting:
        path, result = waiting.pop()
        for reference in result.References or ():
            if reference.ReferenceTypeId != PROPERTY:
                yield path, reference
        if result.ContinuationPoint:
            more = ua.BrowseNextParameters(
                ReleaseContinuationPoints=False, ContinuationPoints=[result.ContinuationPoint]
            )
            (result,) = await client.uaclient.session.browse_next(more)
            waiting.append((path, result))


async def described(
    client: Client, names: Namespaces, variables: Sequence[tuple[ua.NodeId, str]]
) -> list[FoundPoint]:
    """Ask for type, value and unit of some variables and whether they may be written."""
    wanted = ua.ReadParameters()
    wanted.NodesToRead = [
        ua.ReadValueId(NodeId=node, AttributeId=attribute)
        for node, _ in variables
        for attribute in ATTRIBUTES
    ]
    answers = await client.uaclient.session.read(wanted)
    units = await units_of(client, [node for node, _ in variables])
    points = []
    for place, (node, name) in enumerate(variables):
        first = place * len(ATTRIBUTES)
        declared, rank, access, value = (
            None if each.Value is None else each.Value
            for each in answers[first : first + len(ATTRIBUTES)]
        )
        points.append(
            FoundPoint(
                address=names.text(node),
                name=name,
                kind=kind_of(declared, value) + ("" if is_scalar(rank, value) else "[]"),
                writable=bool(access is not None and (access.Value or 0) & CAN_WRITE),
                value="" if value is None or value.Value is None else str(value.Value),
                unit=units[place],
            )
        )
    return points


async def units_of(client: Client, variables: Sequence[ua.NodeId]) -> list[str]:
    """Give the unit that each variable names in its property EngineeringUnits (Part 8, 5.6.3)."""
    step = ua.RelativePathElement(
        ReferenceTypeId=PROPERTY,
        IsInverse=False,  # type: ignore[arg-type]  # a plain bool is what it wants
        IncludeSubtypes=True,  # type: ignore[arg-type]
        TargetName=ua.QualifiedName("EngineeringUnits", 0),
    )
    paths = [
        ua.BrowsePath(StartingNode=node, RelativePath=ua.RelativePath(Elements=[step]))
        for node in variables
    ]
    results = await client.uaclient.session.translate_browsepaths_to_nodeids(paths)
    places = [place for place, result in enumerate(results) if result.Targets]
    units = [""] * len(variables)
    if not places:
        return units
    wanted = ua.ReadParameters()
    wanted.NodesToRead = [
        ua.ReadValueId(
            NodeId=results[place].Targets[0].TargetId, AttributeId=AttributeIds.Value
        )
        for place in places
    ]  # fmt: skip
    for place, answer in zip(places, await client.uaclient.session.read(wanted), strict=True):
        information = None if answer.Value is None else answer.Value.Value
        if isinstance(information, ua.EUInformation):
            units[place] = information.DisplayName.Text or ""
    return units


def kind_of(declared: ua.Variant | None, value: ua.Variant | None) -> str:
    """Name a variable's type: the built-in one it declares, else that of its value."""
    kind = None if declared is None else declared.Value
    if isinstance(kind, ua.NodeId) and kind.NamespaceIndex == 0:
        number = kind.Identifier
        if isinstance(number, int) and 0 < number < ANY:
            return str(ua.VariantType(number).name)
    if value is None or value.VariantType is ua.VariantType.Null:
        return "unknown"
    return str(value.VariantType.name)


def is_scalar(rank: ua.Variant | None, value: ua.Variant | None) -> bool:
    if value is not None and value.VariantType is not ua.VariantType.Null:
        return not value.is_array
    return rank is None or rank.Value is None or rank.Value == SCALAR


def batches(nodes: Sequence[tuple[ua.NodeId, str]]) -> Iterator[Sequence[tuple[ua.NodeId, str]]]:
    return (nodes[first : first + AT_ONCE] for first in range(0, len(nodes), AT_ONCE))
