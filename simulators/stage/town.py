"""The demo's processes: the hub, and the simulated town that it reads."""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from core.clock import SECOND, SystemClock
from core.registry import Registry
from simulators.stage.children import Child
from simulators.stage.hub import Hub, Person, kvartal, token, write_private
from simulators.stage.ports import HOST
from simulators.town.addresses import Ports
from simulators.town.registry import BROKER_SECRET, EDGE

SCRIPTED = Person("dispatcher", "left-bank", "Диспетчер сценария")


@dataclass(frozen=True, slots=True)
class Stage:
    """state: absolute path of .kvartal. port: of the pages."""

    state: Path
    at: Ports
    port: int
    seed: int
    scenario: bool
    hub: Hub = field(init=False)

    def __post_init__(self) -> None:
        hub = Hub(
            state=self.state,
            broker_port=urlsplit(self.at.broker).port or 0,
            port=self.port,
            edge=EDGE,
            # The edge reads the town's own topics with its own account.
            secrets={BROKER_SECRET: EDGE},
        )
        object.__setattr__(self, "hub", hub)

    @staticmethod
    def ports(registry: Registry, at: Ports, port: int) -> list[int]:
        """Give every port that the demo listens on."""
        devices = {urlsplit(endpoint.address).port or 0 for endpoint in registry.endpoints}
        return [port, at.tester, *sorted(devices)]

    @property
    def tester_address(self) -> str:
        return f"http://{HOST}:{self.at.tester}"

    @property
    def registry(self) -> Path:
        return self.state / "registry.json"

    async def prepare(self, people: tuple[Person, ...]) -> list[str]:
        """Write the secrets, put the registry in force, and give a sign-in link for each person."""
        self.hub.write_secrets()
        scripted, *links = await self.hub.prepare(self.registry, (SCRIPTED, *people))
        write_private(self._token, token(scripted))  # kept out of every command line
        return links

    @property
    def _token(self) -> Path:
        return self.state / "secrets" / "scripted-dispatcher"

    def town(self) -> Child:
        began = SystemClock().time_ns() / SECOND
        command = [
            *kvartal("simulate", "town"), "--seed", str(self.seed), "--broker", self.at.broker,
            "--broker-user", "town", "--broker-password-file", str(self.hub.password_file("town")),
            "--gateway", self.hub.address, "--dispatcher-token-file", str(self._token),
            "--since", f"{began:.0f}",
        ]  # fmt: skip
        return Child(
            name="town",
            command=command if self.scenario else [*command, "--no-scenario"],
            ready=lambda child: child.said,
            listen_for="town is live",
        )
