"""The ceiling of `bench modbus`: pymodbus alone on many connections, back to back or paced.

Nothing is decoded, kept or sent on. Says one JSON object: registers read, seconds, processor time.
"""

import argparse
import asyncio
import json
import time

from pymodbus.client import AsyncModbusTcpClient

from core.clock import SystemClock

WARM_UP_S = 1.0


async def main(
    port: int, lines: int, registers: int, seconds: float, period: float
) -> dict[str, float]:
    read = 0
    clock = SystemClock()

    async def line(unit: int) -> None:
        nonlocal read
        client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=5, retries=0)
        await client.connect()
        due = clock.monotonic()
        while True:
            due += period
            if (wait := due - clock.monotonic()) > 0:
                await asyncio.sleep(wait)
            answer = await client.read_holding_registers(0, count=registers, device_id=unit)
            read += len(answer.registers)

    tasks = [asyncio.create_task(line(unit)) for unit in range(1, lines + 1)]
    await asyncio.sleep(WARM_UP_S)
    before, began, spent = read, clock.monotonic(), time.process_time()
    await asyncio.sleep(seconds)
    result = {
        "registers": read - before,
        "seconds": clock.monotonic() - began,
        "cpu_s": time.process_time() - spent,
    }
    for task in tasks:
        task.cancel()
    return result


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--lines", type=int, required=True)
    parser.add_argument("--registers", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--period", type=float, default=0.0)
    print(json.dumps(asyncio.run(main(**vars(parser.parse_args())))), flush=True)
