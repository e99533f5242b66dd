"""edge.yaml with other settings: comments stay, and every text ends as what was wanted."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from edge.settings_text import changed

BEFORE = """\
# The box in the cellar of Lesnaya 5.
id: edge-1
broker: mqtt://old:1883  # until spring
broker_password_file: secret
# A small disk.
spool_megabytes: 64

profiles:
  - models  # our own
"""
AFTER = """\
# The box in the cellar of Lesnaya 5.
id: edge-1
broker: mqtts://new:8883  # until spring
# A small disk.
spool_megabytes: 64

profiles:
  - models  # our own
gateway: https://gateway
"""


def test_only_what_changes_is_touched() -> None:
    wanted = yaml.safe_load(BEFORE) | {"broker": "mqtts://new:8883", "gateway": "https://gateway"}
    del wanted["broker_password_file"]
    assert changed(BEFORE, wanted) == AFTER


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet",
        "id:",
        "{id: edge-0, broker: x}",
        "id: edge-0",
        "id: edge-0\nid: edge-9\n",
        "id: &name edge-0\nbroker: *name\n",
        "id: edge-0\n...\n",
        "broker: >\n  folded\n  text\nid: edge-0",
        "old:\n  - a\n  - b\nid: edge-0\n",
    ],
)
def test_however_it_is_written_it_holds_what_is_wanted(text: str) -> None:
    wanted = {"id": "edge-1", "broker": "mqtts://b:8883"}
    assert yaml.safe_load(changed(text, wanted)) == wanted


Settings = st.dictionaries(st.sampled_from("abcde"), st.text() | st.integers() | st.none())


@given(before=Settings, wanted=Settings, flow=st.booleans())
def test_any_settings_take_the_place_of_any_others(
    before: dict[str, object], wanted: dict[str, object], flow: bool
) -> None:
    text = yaml.safe_dump(before, default_flow_style=flow, allow_unicode=True)
    assert yaml.safe_load(changed(text, wanted)) == wanted
