from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.mqtt.broker import find_mosquitto
from tests.adapters.conftest import running_broker

SLOWEST_S = {True: 3600, False: 300}  # of a test in all rounds, and in few


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    limit = SLOWEST_S[bool(config.getoption("--all-rounds"))]
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(limit))


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    if find_mosquitto() is None:
        pytest.fail("mosquitto is not installed; .ci/servers installs it")
    with ExitStack() as stack:
        yield stack.enter_context(running_broker(tmp_path, "mosquitto"))[0]
