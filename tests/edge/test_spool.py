import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.wire import Stream
from core.clock import SECOND, SystemClock
from edge.spool import Spool
from tests.edge.stand import HandClock


class JumpingClock(HandClock):
    """Stands still until somebody sets it; the monotonic clock knows nothing of that."""

    jumped_s: float = 0.0

    def time_ns(self) -> int:
        return super().time_ns() + int(self.jumped_s * SECOND)


OpenSpool = Callable[..., Spool]
ALL = 10**9

KILLED = """
import asyncio, sys
from pathlib import Path
from core.clock import SystemClock
from edge.spool import Spool

async def main():
    spool = Spool("edge-1", Path(sys.argv[1]), 10**8, SystemClock(), lambda error: None)
    for _ in range(50):
        spool.append("telemetry", lambda seq, lowest: b"%d" % seq)
    spool.append("events", lambda seq, lowest: b"event")
    await spool.ask(lambda connection: None)
    spool.acknowledge("telemetry", [(1, 10), (21, 30)])
    await spool.ask(lambda connection: None)
    spool.append("telemetry", lambda seq, lowest: b"sent, but not committed")
    print("go", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def put(spool: Spool, stream: Stream, count: int, size: int = 10) -> None:
    for _ in range(count):
        spool.append(stream, lambda seq, _: b"%d" % seq + b"." * size)


async def numbers(spool: Spool, stream: Stream) -> list[int]:
    return [row.seq for row in await spool.read(stream, 1, ALL)]


def test_an_orderly_stop_leaves_neither_loss_nor_gap(open_spool: OpenSpool) -> None:
    async def main() -> None:
        spool = open_spool()
        epoch = spool.epoch
        put(spool, "telemetry", 3)
        await spool.close()
        spool = open_spool()
        put(spool, "telemetry", 1)
        assert await numbers(spool, "telemetry") == [1, 2, 3, 4]
        assert spool.epoch == epoch
        await spool.close()

    asyncio.run(main())


def test_only_what_is_acknowledged_goes(open_spool: OpenSpool) -> None:
    async def main() -> None:
        spool = open_spool()
        put(spool, "telemetry", 6)
        put(spool, "events", 2)
        await numbers(spool, "telemetry")
        put(spool, "telemetry", 2)  # these are not on disk yet
        spool.acknowledge("telemetry", [(1, 2), (5, 5), (7, 7)])
        assert await numbers(spool, "telemetry") == [3, 4, 6, 8]
        assert await numbers(spool, "events") == [1, 2]
        assert spool.lowest("telemetry") == 3
        await spool.close()

    asyncio.run(main())


def test_what_is_acknowledged_at_once_is_never_written(open_spool: OpenSpool) -> None:
    async def main() -> None:
        spool = open_spool()
        put(spool, "telemetry", 5)
        spool.acknowledge("telemetry", [(1, 5)])
        assert await numbers(spool, "telemetry") == []
        assert spool.lowest("telemetry") == spool.next("telemetry") == 6
        await spool.close()

    asyncio.run(main())


def test_kill_9_keeps_what_was_committed_and_gives_no_number_twice(
    tmp_path: Path, open_spool: OpenSpool
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "spool")], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)

    async def main() -> None:
        spool = open_spool()
        kept = await numbers(spool, "telemetry")
        # Number 51 may have been committed or not.
        assert kept[:30] == [*range(11, 21), *range(31, 51)]
        assert await numbers(spool, "events") == [1]
        assert spool.next("telemetry") > 51
        await spool.close()

    asyncio.run(main())


def test_a_full_spool_drops_the_oldest_telemetry_and_no_events(open_spool: OpenSpool) -> None:
    async def main() -> None:
        spool = open_spool(limit=100_000)
        put(spool, "events", 10, size=1000)
        for _ in range(20):
            put(spool, "telemetry", 10, size=1000)
            await spool.ask(lambda _: None)
        telemetry = await numbers(spool, "telemetry")
        assert await numbers(spool, "events") == list(range(1, 11))
        assert telemetry == list(range(telemetry[0], 201))
        assert spool.state().dropped == telemetry[0] - 1 > 0
        assert spool.state().bytes <= 100_000
        await spool.close()

    asyncio.run(main())


def test_events_go_last(open_spool: OpenSpool) -> None:
    async def main() -> None:
        spool = open_spool(limit=100_000)
        put(spool, "telemetry", 50, size=1000)
        await spool.ask(lambda _: None)
        for _ in range(20):
            put(spool, "events", 10, size=1000)
            await spool.ask(lambda _: None)
        events = await numbers(spool, "events")
        assert await numbers(spool, "telemetry") == []
        assert events == list(range(events[0], 201))
        assert len(events) > 30
        await spool.close()

    asyncio.run(main())


def test_telemetry_is_kept_for_a_bounded_time_of_running(open_spool: OpenSpool) -> None:
    async def main() -> None:
        clock = HandClock()
        spool = open_spool(clock, keep_s=3600)
        put(spool, "telemetry", 200)
        put(spool, "events", 1)
        assert len(await numbers(spool, "telemetry")) == 200
        clock.seconds += 3000
        put(spool, "telemetry", 1)
        await numbers(spool, "telemetry")
        await spool.close()
        clock.seconds += 86_400  # nobody runs
        spool = open_spool(clock, keep_s=3600)
        clock.seconds += 500
        assert len(await numbers(spool, "telemetry")) == 201
        clock.seconds += 500
        assert await numbers(spool, "telemetry") == [201]
        assert await numbers(spool, "events") == [1]
        assert spool.state().dropped == 200
        assert spool.state().age_s == 4000
        await spool.close()

    asyncio.run(main())


@pytest.mark.parametrize("jump_s", [-3600, 86_400, 400 * 86_400])
def test_a_clock_that_jumps_deletes_nothing(open_spool: OpenSpool, jump_s: float) -> None:
    async def main() -> None:
        clock = JumpingClock()
        spool = open_spool(clock)
        put(spool, "telemetry", 10)
        await numbers(spool, "telemetry")
        clock.jumped_s = jump_s
        put(spool, "telemetry", 1)
        assert await numbers(spool, "telemetry") == list(range(1, 12))
        await spool.close()
        spool = open_spool(clock)
        assert await numbers(spool, "telemetry") == list(range(1, 12))
        assert spool.state().age_s == 0
        await spool.close()

    asyncio.run(main())


def test_a_full_disk_costs_old_telemetry_and_no_events(open_spool: OpenSpool) -> None:
    async def main() -> None:
        spool = open_spool()
        put(spool, "telemetry", 300, size=4000)
        await spool.ask(lambda connection: connection.execute("PRAGMA max_page_count = 400"))
        for _ in range(10):
            put(spool, "telemetry", 20, size=4000)
            put(spool, "events", 1, size=100)
            await spool.ask(lambda _: None)
        telemetry = await numbers(spool, "telemetry")
        assert await numbers(spool, "events") == list(range(1, 11))
        assert telemetry[0] > 1
        assert telemetry[-1] == 500
        assert spool.state().dropped == 500 - len(telemetry)
        await spool.close()

    asyncio.run(main())


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        spool = Spool("edge-1", tmp_path, 10**6, SystemClock(), failed.set_result)
        spool.append("events", lambda *_: b"", lambda connection: connection.execute("nonsense"))
        async with asyncio.timeout(5):
            assert "nonsense" in str(await failed)
        await spool.close()

    asyncio.run(main())


def test_a_spool_that_is_removed_while_it_runs_is_written_anew_with_all_that_it_held(
    open_spool: OpenSpool, tmp_path: Path
) -> None:
    async def main() -> None:
        spool = open_spool()
        put(spool, "telemetry", 5)
        await spool.ask(lambda _: None)
        for file in (tmp_path / "spool").iterdir():
            file.unlink()
        put(spool, "telemetry", 5)
        spool.acknowledge("telemetry", [(1, 3)])
        await spool.ask(lambda _: None)
        epoch = spool.epoch
        await spool.close()
        spool = open_spool()
        assert spool.epoch == epoch
        assert await numbers(spool, "telemetry") == list(range(4, 11))
        await spool.close()

    asyncio.run(main())


def test_another_file_in_the_place_of_the_spool_ends_the_edge(tmp_path: Path) -> None:
    async def main() -> None:
        failed: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
        spool = Spool("edge-1", tmp_path, 10**6, SystemClock(), failed.set_result)
        other = tmp_path / "other"
        other.touch()
        other.replace(tmp_path / "spool.db")
        async with asyncio.timeout(5):
            assert "another file" in str(await failed)
        await spool.close()

    asyncio.run(main())
