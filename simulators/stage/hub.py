"""Broker, gateway and edge as processes: their commands, settings and secrets."""

import asyncio
import json
import os
import secrets
import sys
import urllib.request
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from simulators.stage.children import CannotStart, Child
from simulators.stage.ports import HOST, is_open

ONE_AFTER_ANOTHER = """
import json, sys
from core.command_line import run
for arguments in json.load(sys.stdin):
    if code := run(arguments):
        sys.exit(code)
"""
USERS = ("gateway", "town")


def kvartal(*arguments: str) -> list[str]:
    """Give the command line of a subcommand of this installation."""
    return [str(Path(sys.executable).with_name("kvartal")), *arguments]


@dataclass(frozen=True, slots=True)
class Person:
    """Who gets a sign-in link. executor: id of the organisation, for an executor."""

    role: str
    place: str
    name: str
    executor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """One installation on this machine.

    state: absolute path of the folder in which everything lies. port: of the pages. edge: id of
    the only edge, but for more_edges that run elsewhere. edge_broker: URL by which it reaches the
    broker, where not straight. profiles: folders of device models beside the bundled ones. secrets:
    by the name that an endpoint has for it, the user of the broker whose account it is.
    """

    state: Path
    broker_port: int
    port: int
    edge: str
    more_edges: Sequence[str] = ()
    edge_broker: str = ""
    profiles: Sequence[Path] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def broker_url(self) -> str:
        return f"mqtt://{HOST}:{self.broker_port}"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    def password_file(self, user: str) -> Path:
        """Give the file with the password of a user of the broker."""
        return self.state / "secrets" / f"broker-{user}"

    def write_secrets(self) -> None:
        """Make the broker's passwords anew, each in a file that only this user can read."""
        folder = self.state / "secrets"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        passwords = {
            user: secrets.token_urlsafe(24) for user in (*USERS, self.edge, *self.more_edges)
        }
        for user, password in passwords.items():
            write_private(self.password_file(user), password + "\n")
        write_private(
            self.users, "".join(f"{user}:{password}\n" for user, password in passwords.items())
        )
        for name, user in self.secrets.items():
            write_private(self._edge_secrets / name, f"{user}:{passwords[user]}\n")

    @property
    def _edge_secrets(self) -> Path:
        folder = self.state / "secrets" / "edge"
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    @property
    def users(self) -> Path:
        """Give the file with a line name:password for each account of the broker."""
        return self.state / "secrets" / "broker-users"

    @property
    def _data_dir(self) -> list[str]:
        return ["--data-dir", str(self.state / "gateway")]

    async def prepare(self, registry: Path, people: Sequence[Person]) -> list[str]:
        """Put a registry document in force before the gateway runs; give a link for each person."""
        commands = [["gateway", "import", *self._data_dir, str(registry)]]
        commands += [self._link(person) for person in people]
        _, *links = await outputs(commands)
        return links

    def _link(self, person: Person) -> list[str]:
        who = ["--role", person.role, "--place", person.place, "--name", person.name]
        if person.executor:
            who += ["--executor", person.executor]
        where = [*self._data_dir, "--listen", f"{HOST}:{self.port}"]
        return ["gateway", "link", *where, *who, "--reusable"]

    def broker(self) -> Child:
        command = [sys.executable, "-m", "adapters.mqtt.broker", "--port", str(self.broker_port)]
        return Child(
            name="broker",
            command=[*command, "--state", str(self.state / "broker"), "--users", str(self.users)],
            ready=lambda _child: is_open(self.broker_port),
        )

    def gateway(self) -> Child:
        broker = ["--broker", self.broker_url, "--broker-user", "gateway"]
        password = ["--broker-password-file", str(self.password_file("gateway"))]
        listen = ["--listen", f"{HOST}:{self.port}"]
        return Child(
            name="gateway",
            command=[*kvartal("gateway", "run"), *self._data_dir, *listen, *broker, *password],
            ready=lambda _child: answers(f"{self.address}/readyz"),
        )

    def edge_process(self) -> Child:
        folder = self.state / "edge"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = {
            "id": self.edge,
            "broker": self.edge_broker or self.broker_url,
            "broker_password_file": str(self.password_file(self.edge)),
            "data_dir": ".",
            "profiles": [str(each) for each in self.profiles],
            "secrets_dir": str(self._edge_secrets),
        }
        (folder / "edge.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
        return Child(
            name="edge",
            command=[*kvartal("edge", "run"), "--config", str(folder / "edge.yaml")],
            ready=lambda child: child.said,
            listen_for=" ready",
        )


def token(link: str) -> str:
    """Give the token of a sign-in link."""
    return link.partition("#")[2]


async def outputs(commands: Sequence[Sequence[str]]) -> list[str]:
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
    )
    output, errors = await process.communicate(json.dumps(commands).encode())
    if process.returncode:
        raise CannotStart(errors.decode(errors="replace").strip())
    return output.decode().splitlines()


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
