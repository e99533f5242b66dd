"""Processes of the demo: what is in the way is named, what dies comes back, nothing stays."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.clock import SystemClock
from simulators.stage.children import LOG_BYTES, BoundedLog, CannotStart, Child, Children
from simulators.stage.ports import taken

SLEEPER = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEPER


def child(code: str, listen_for: str = "pid") -> Child:
    return Child(
        name="child", command=[sys.executable, "-c", code], ready=lambda each: each.said,
        listen_for=listen_for,
    )  # fmt: skip


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_taken_port_is_named_with_its_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (line,) = taken([port])
    assert f"port {port} is taken by process {os.getpid()}: " in line


def test_a_free_port_is_not_in_the_way() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert taken([port]) == []


@pytest.mark.parametrize("code", [SLEEPER, STUBBORN])
def test_stopping_ends_every_process(
    tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.stage.children.STOP_S", 1.0)

    async def run() -> int:
        children = Children(tmp_path, SystemClock(), lambda _text: None)
        mine = child(code)
        await children.start(mine)
        await children.wait_ready(mine)
        assert mine.process is not None
        await children.stop()
        return mine.process.pid

    assert not alive(asyncio.run(run()))


def test_a_child_that_is_killed_is_started_again_and_said_so(tmp_path: Path) -> None:
    said: list[str] = []

    async def run() -> bool:
        children = Children(tmp_path, SystemClock(), said.append)
        mine = child(SLEEPER)
        await children.start(mine)
        await children.wait_ready(mine)
        assert mine.process is not None
        first = mine.process.pid
        os.kill(first, signal.SIGKILL)
        mine.ready = lambda each: each.process is not None and each.process.pid != first
        await children.wait_ready(mine, 10)
        await children.stop()
        return mine.process.pid != first

    assert asyncio.run(run())
    assert said == ["child ended by signal SIGKILL; it is started again"]


def test_a_child_that_dies_at_once_again_and_again_is_given_up_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulators.stage.children.RESTARTS", 1)

    async def run() -> None:
        children = Children(tmp_path, SystemClock(), lambda _text: None)
        mine = child("raise SystemExit('no such broker')")
        await children.start(mine)
        try:
            await children.wait_ready(mine, 10)
        finally:
            await children.stop()

    with pytest.raises(CannotStart, match="no such broker"):
        asyncio.run(run())


def test_warnings_are_shown_and_the_rest_is_only_in_the_log(tmp_path: Path) -> None:
    said: list[str] = []
    code = (
        "print('level=info event=fine'); print('{\"level\": \"warning\"}', flush=True); " + SLEEPER
    )

    async def run() -> None:
        children = Children(tmp_path, SystemClock(), said.append)
        mine = child(code)
        await children.start(mine)
        await children.wait_ready(mine)
        await children.stop()

    asyncio.run(run())
    assert said == ['child: {"level": "warning"}']
    assert "event=fine" in (tmp_path / "child.log").read_text()


def test_a_log_is_bounded(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "child.log")
    for _ in range(25):
        log.write(b"x" * (LOG_BYTES // 10))
    log.close()
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 2
    assert sum(sizes) < 2.3 * LOG_BYTES


@pytest.mark.skipif(sys.platform != "linux", reason="prctl is Linux only")
def test_a_tied_process_dies_with_a_killed_parent() -> None:
    parent_code = (
        "import os, subprocess, sys; subprocess.Popen([sys.executable, '-m', "
        f"'simulators.stage.tied', str(os.getpid()), sys.executable, '-c', {SLEEPER!r}]).wait()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline().split()[1])
        parent.kill()
        deadline = time.monotonic() + 5
        while alive(pid):
            assert time.monotonic() < deadline
            time.sleep(0.02)
