"""The processes of the demo: their commands, settings and secrets, and how to see them up."""

import asyncio
import json
import os
import re
import secrets
import sys
import urllib.request
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from core.clock import SECOND, SystemClock
from core.registry import Registry
from simulators.stage.children import CannotStart, Child
from simulators.stage.ports import HOST, is_open
from simulators.town.addresses import Ports
from simulators.town.registry import EDGE

ONE_AFTER_ANOTHER = """
import json, sys
from core.command_line import run
for arguments in json.load(sys.stdin):
    if code := run(arguments):
        sys.exit(code)
"""
USERS = ("gateway", "town", EDGE)


def kvartal(*arguments: str) -> list[str]:
    """Give the command line of a subcommand of this installation."""
    return [str(Path(sys.executable).with_name("kvartal")), *arguments]


async def outputs(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> list[str]:
    """Run `kvartal` commands that say one line each, and give the lines.

    They share a process: loading the gateway takes longer than what they do. CannotStart with what
    the first that goes wrong says.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ONE_AFTER_ANOTHER,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, **environment},
    )
    output, errors = await process.communicate(json.dumps(commands).encode())
    if process.returncode:
        raise CannotStart(errors.decode(errors="replace").strip())
    return output.decode().splitlines()


@dataclass(frozen=True, slots=True)
class Stage:
    """state: absolute path of .kvartal. port: of the pages."""

    state: Path
    at: Ports
    port: int
    seed: int
    scenario: bool

    @staticmethod
    def ports(registry: Registry, at: Ports, port: int) -> list[int]:
        """Give every port that the demo listens on."""
        devices = {urlsplit(endpoint.address).port or 0 for endpoint in registry.endpoints}
        return [port, at.tester, *sorted(devices)]

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def tester_address(self) -> str:
        return f"http://{HOST}:{self.at.tester}"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def registry(self) -> Path:
        return self.state / "registry.json"

    @property
    def environment(self) -> dict[str, str]:
        """Tell every command of the gateway where the pages are, or links lead elsewhere."""
        return {"KVARTAL_GATEWAY_LISTEN": f"{HOST}:{self.port}"}

    def importing(self) -> list[str]:
        """Give the arguments that make the gateway take the town's registry."""
        return ["gateway", "import", *self.data_dir, str(self.registry)]

    @property
    def data_dir(self) -> list[str]:
        return ["--data-dir", str(self.state / "gateway")]

    def link(self, role: str, place: str, name: str, executor: str) -> list[str]:
        """Give the arguments that make `kvartal` print a sign-in link."""
        command = ["gateway", "link", *self.data_dir, "--role", role, "--place", place]
        return [*command, "--name", name, "--executor", executor, "--reusable"]

    def write_secrets(self) -> dict[str, Path]:
        """Make the broker's passwords anew, each in a file that only this user can read."""
        folder = self.state / "secrets"
        folder.mkdir(mode=0o700, exist_ok=True)
        passwords = {user: secrets.token_urlsafe(24) for user in USERS}
        for user, password in passwords.items():
            write_private(folder / f"broker-{user}", password + "\n")
        write_private(
            folder / "broker-users",
            "".join(f"{user}:{password}\n" for user, password in passwords.items()),
        )
        return {user: folder / f"broker-{user}" for user in USERS}

    def write_token(self, link: str) -> None:
        """Keep the scripted dispatcher's token out of every command line."""
        write_private(self._token, re.split("[#=]", link)[-1])

    @property
    def _token(self) -> Path:
        return self.state / "secrets" / "scripted-dispatcher"

    def children(self, passwords: dict[str, Path]) -> tuple[Child, Child, Child, Child]:
        """Give broker, gateway, town and edge."""
        return (
            self._broker(), self._gateway(passwords["gateway"]), self._town(passwords["town"]),
            self._edge(passwords[EDGE]),
        )  # fmt: skip

    def _broker(self) -> Child:
        port = urlsplit(self.at.broker).port or 0
        command = [sys.executable, "-m", "adapters.mqtt.broker", "--port", str(port)]
        return Child(
            name="broker",
            command=[*command, "--state", str(self.state / "broker")],
            ready=lambda _child: is_open(port),
        )

    def _gateway(self, _password: Path) -> Child:
        listen = ["--listen", f"{HOST}:{self.port}", "--broker", self.at.broker]
        return Child(
            name="gateway",
            command=[*kvartal("gateway", "run"), *self.data_dir, *listen],
            ready=lambda _child: answers(f"{self.address}/readyz"),
        )

    def _town(self, _password: Path) -> Child:
        began = SystemClock().time_ns() / SECOND
        command = [
            *kvartal("simulate", "town"), "--seed", str(self.seed), "--broker", self.at.broker,
            "--gateway", self.address, "--dispatcher-token-file", str(self._token),
            "--since", f"{began:.0f}",
        ]  # fmt: skip
        return Child(
            name="town",
            command=command if self.scenario else [*command, "--no-scenario"],
            ready=lambda child: child.said,
            listen_for="town is live",
        )

    def _edge(self, _password: Path) -> Child:
        folder = self.state / "edge"
        folder.mkdir(mode=0o700, exist_ok=True)
        settings = {"id": EDGE, "broker": self.at.broker, "data_dir": "."}
        (folder / "edge.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        return Child(
            name="edge",
            command=[*kvartal("edge", "run"), "--config", str(folder / "edge.yaml")],
            ready=lambda child: child.said,
            listen_for=" ready",
        )


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def answers(url: str) -> bool:
    """Tell whether an address of this machine answers with success."""
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own http address
            return True
    except OSError:
        return False
