"""Numbers keep their meaning for readings that wait, whatever becomes of the profiles."""

import asyncio
from collections.abc import Callable

from adapters import wire
from adapters.profile import Profile
from core.clock import SystemClock
from edge.births import Births
from edge.inventory import Inventory
from edge.spool import Spool
from tests.edge.stand import HEAT, PROFILES, make_inventory

OpenSpool = Callable[..., Spool]
REORDERED = HEAT.model_copy(update={"signals": HEAT.signals[::-1]})


def changed(profile: Profile) -> Inventory:
    return Inventory(make_inventory("heat-1").configuration, {**PROFILES, "heat": profile})


async def start(open_spool: OpenSpool, inventory: Inventory) -> list[wire.Birth]:
    """Give the births that an edge sends at a start, and leave a reading that waits."""
    spool = open_spool()
    births = Births(spool, SystemClock())
    await births.install(inventory)
    spool.append("telemetry", lambda seq, _: b"%d" % seq)
    messages = births.messages()
    await spool.close()
    return [wire.decode(each, wire.Birth) for each in messages]


async def read_while_installing(spool: Spool, births: Births, inventory: Inventory) -> int:
    """Begin to install, and let something be read before the disk has it; give that block."""
    installing = asyncio.create_task(births.install(inventory))
    await asyncio.sleep(0)  # it waits for the disk now
    seq = spool.next("telemetry")
    spool.append("telemetry", lambda number, _: b"%d" % number)
    await installing
    return seq


def numberings(births: Births) -> list[int]:
    return [wire.decode(each, wire.Birth).numbering for each in births.messages()]


def told(birth: wire.Birth) -> list[tuple[str, str]]:
    """Give what a birth says of the heat point's signals."""
    (profile,) = (each for each in birth.profiles if each.profile == "heat")
    return [(signal.key, signal.unit) for signal in profile.signals]


def test_the_same_profiles_keep_the_numbering(open_spool: OpenSpool) -> None:
    async def main() -> None:
        (first,) = await start(open_spool, changed(HEAT))
        (second,) = await start(open_spool, changed(HEAT))
        assert first.numbering == second.numbering

    asyncio.run(main())


def test_a_reordered_profile_is_a_new_numbering_and_what_waits_keeps_the_former(
    open_spool: OpenSpool,
) -> None:
    async def main() -> None:
        await start(open_spool, changed(HEAT))
        former, current = await start(open_spool, changed(REORDERED))
        assert current.numbering == former.numbering + 1
        assert told(current) == told(former)[::-1]

    asyncio.run(main())


def test_a_signal_in_another_unit_is_a_new_numbering(open_spool: OpenSpool) -> None:
    first, *others = HEAT.signals
    converted = HEAT.model_copy(
        update={"signals": [first.model_copy(update={"unit": "K"}), *others]}
    )

    async def main() -> None:
        await start(open_spool, changed(HEAT))
        former, current = await start(open_spool, changed(converted))
        assert current.numbering == former.numbering + 1
        assert (told(former)[0][1], told(current)[0][1]) == (first.unit, "K")

    asyncio.run(main())


def test_what_is_read_while_a_numbering_is_installed_keeps_the_former(
    open_spool: OpenSpool,
) -> None:
    async def main() -> None:
        spool = open_spool()
        births = Births(spool, SystemClock())
        await births.install(changed(HEAT))
        last = await read_while_installing(spool, births, changed(REORDERED))
        spool.append("telemetry", lambda number, _: b"%d" % number)  # in the new one
        assert numberings(births) == [1, 2]
        spool.acknowledge("telemetry", [(1, last)])
        await spool.ask(lambda _: None)
        assert numberings(births) == [2]
        await spool.close()

    asyncio.run(main())


def test_two_that_are_installed_at_once_follow_each_other(open_spool: OpenSpool) -> None:
    async def main() -> None:
        spool = open_spool()
        births = Births(spool, SystemClock())
        first, second = changed(HEAT), changed(REORDERED)
        await asyncio.gather(births.install(first), births.install(second))
        assert (first.numbering, second.numbering) == (1, 2)
        assert numberings(births)[-1] == 2
        await spool.close()

    asyncio.run(main())


def test_a_kill_before_a_numbering_is_in_force_leaves_what_waits_to_the_former(
    open_spool: OpenSpool,
) -> None:
    async def main() -> None:
        spool = open_spool()
        births = Births(spool, SystemClock())
        await births.install(changed(HEAT))
        installing = asyncio.create_task(births.install(changed(REORDERED)))
        await asyncio.sleep(0)
        spool.append("telemetry", lambda number, _: b"%d" % number)
        installing.cancel()  # what it asked of the disk is done all the same
        await spool.close()

        spool = open_spool()
        births = Births(spool, SystemClock())
        await births.install(changed(REORDERED))
        assert numberings(births) == [1, 2]
        spool.acknowledge("telemetry", [(1, spool.next("telemetry") - 1)])
        await spool.ask(lambda _: None)
        assert numberings(births) == [2]
        await spool.close()

    asyncio.run(main())
