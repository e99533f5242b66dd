from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.mqtt.broker import find_mosquitto
from tests.adapters.conftest import running_broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    if find_mosquitto() is None:
        pytest.fail("mosquitto is not installed; .ci/servers installs it")
    with ExitStack() as stack:
        yield stack.enter_context(running_broker(tmp_path, "mosquitto"))[0]
