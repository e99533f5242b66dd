"""Every bundled profile holds, and a broken one says what is wrong with it."""

from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.profile import Profile, bundled_profiles, load_profile, load_profiles
from core.errors import ConfigError

NAMES = sorted(bundled_profiles())


def texts(part: Any) -> Iterator[Mapping[str, str]]:
    """Give every text for people within a profile: a mapping that has a language."""
    if isinstance(part, Mapping):
        if "ru" in part or "en" in part:
            yield part
        else:
            yield from chain.from_iterable(texts(each) for each in part.values())
    elif isinstance(part, list | tuple):
        yield from chain.from_iterable(texts(each) for each in part)


@pytest.mark.parametrize("name", NAMES)
class TestBundled:
    @pytest.fixture
    def profile(self, name: str) -> Profile:
        return bundled_profiles()[name]

    def test_every_text_is_in_both_languages(self, profile: Profile) -> None:
        found = [set(text) for text in texts(profile.model_dump())]
        assert found == [{"en", "ru"}] * len(found)

    def test_russian_is_written_in_cyrillic(self, profile: Profile) -> None:
        latin = [text["ru"] for text in texts(profile.model_dump()) if text["ru"].isascii()]
        assert latin == []

    def test_every_alarm_says_what_to_do(self, profile: Profile) -> None:
        mute = [
            alarm.key
            for alarm in (*profile.alarms, *profile.findings)
            if not (alarm.cause and alarm.consequence and alarm.action)
        ]
        assert mute == []

    def test_every_state_has_names(self, profile: Profile) -> None:
        nameless = [
            each.key for each in profile.signals if each.kind == "state" and not each.states
        ]
        assert nameless == []

    def test_an_alarm_on_a_state_names_one_of_its_states(self, profile: Profile) -> None:
        wrong = [
            alarm.key
            for alarm in profile.alarms
            if alarm.test in {"equals", "differs"}
            and alarm.limit not in profile.signal(alarm.signal).states
        ]
        assert wrong == []

    def test_a_condition_on_a_state_names_one_of_its_states(self, profile: Profile) -> None:
        wrong = [
            (alarm.key, each.signal)
            for alarm in profile.alarms
            for each in alarm.when
            if profile.signal(each.signal).states
            and each.limit not in profile.signal(each.signal).states
        ]
        assert wrong == []

    def test_what_is_writable_can_be_written(self, profile: Profile) -> None:
        wrong = [
            each.key
            for each in profile.signals
            if each.writable
            and (
                (each.modbus is not None and each.modbus.table in {"input", "discrete"})
                or (each.mqtt is not None and not each.mqtt.set_topic)
            )
        ]
        assert wrong == []


GOOD = {
    "profile": "em3",
    "family": "electricity_meter",
    "protocol": "modbus",
    "name": {"ru": "Счётчик", "en": "Meter"},
    "source": "EM3 register map, revision 1.4, table 2",
    "signals": [
        {
            "key": "voltage",
            "name": {"ru": "Напряжение", "en": "Voltage"},
            "unit": "V",
            "modbus": {"table": "input", "address": 0, "type": "f32"},
        }
    ],
}


def written(folder: Path, content: object, name: str = "em3") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def changed(**signal: object) -> dict[str, object]:
    return GOOD | {"signals": [GOOD["signals"][0] | signal]}  # type: ignore[index]


def test_a_good_profile_is_taken(tmp_path: Path) -> None:
    assert load_profile(written(tmp_path, GOOD)).signal("voltage").unit == "V"


ALARM = {
    "key": "high", "signal": "current", "test": "above", "limit": 1, "severity": "low",
    "problem": "electricity.quality", "name": {"ru": "Много", "en": "High"},
}  # fmt: skip
WHEN = {"signal": "dusk", "test": "equals", "limit": 1}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (changed(modbus={"address": 70000}), "signals[0].modbus.address: .*65535, found 70000"),
        (changed(modbus={"address": 1, "type": "u8"}), "signals[0].modbus.type: .*found 'u8'"),
        (changed(name={"en": "Voltage"}), "signals[0].name: .*at least 2 items"),
        (changed(scale=2), "signals[0].scale: Extra inputs are not permitted, found 2"),
        (changed(key="Voltage L1"), "signals[0].key: .*found 'Voltage L1'"),
        (changed(modbus=None), "signals[0]: signal voltage has no address `modbus:`"),
        (
            changed(mqtt={"topic": "a"}, sparkplug={"metric": "a"}) | {"protocol": "mqtt"},
            "signals.0.: signal voltage has more than one address: mqtt, sparkplug",
        ),
        (
            GOOD | {"protocol": "mqtt"},
            "signals.0.: signal voltage has no address `mqtt:` or `sparkplug:` or `lorawan:`",
        ),
        (changed(lorawan={}), "signals.0..lorawan: wanted one of object, uplink and raw"),
        (
            changed(lorawan={"object": "/t", "scale": 0}),
            "signals.0..lorawan: scale 0 makes every value the same",
        ),
        (
            changed(lorawan={"object": "/t", "codes": {"ON": 1}, "offset": 2}),
            "signals.0..lorawan: codes are states, which have neither scale nor offset",
        ),
        (
            changed(lorawan={"raw": {"at": 0, "type": "float", "length": 3}}),
            "signals.0..lorawan.raw: a float has 4 or 8 bytes, found length 3",
        ),
        (
            changed(lorawan={"raw": {"at": 0, "type": "bit", "bit": 8}}),
            "signals.0..lorawan.raw: bit 8 is beyond 1 bytes",
        ),
        (changed(mqtt={"topic": "a/#/b"}), "signals.0..mqtt.topic: # must be the last level"),
        (changed(mqtt={"topic": "a", "zone": "Moon"}), "signals.0..mqtt.zone: wanted a name of"),
        (changed(mqtt={"topic": "a", "field": "t"}), "signals.0..mqtt.field: a JSON pointer must"),
        (changed(mqtt={"topic": "a", "scale": 0}), "signals.0..mqtt: scale 0 makes every value"),
        (changed(mqtt={"topic": "a", "set_topic": "+"}), "signals.0..mqtt: set_topic . must have"),
        (changed(by_hand=[0]), "signals[0].by_hand: signal voltage has no state 0 that could be"),
        (
            changed(by_hand_while={"signal": "mode", "state": 0}),
            "signals[0].by_hand_while: signal voltage: there is no state 0 of mode",
        ),
        (
            changed(key="lamp_red", writable=True) | {"family": "traffic_controller"},
            "signals[0].writable: signal lamp_red of a traffic controller must not be writable; "
            "only plan, flash, priority may",
        ),
        (GOOD | {"family": "toaster"}, "family: .*found 'toaster'"),
        (GOOD | {"alarms": [ALARM]}, "alarms[0].signal: alarm high: there is no signal current"),
        (
            GOOD | {"alarms": [ALARM | {"signal": "voltage", "when": [WHEN]}]},
            "alarms[0].when[0].signal: alarm high: there is no signal dusk",
        ),
        (
            GOOD | {"alarms": [ALARM | {"when": [WHEN | {"test": "silent"}]}]},
            "alarms[0].when[0].test: a condition tests a value: .*found 'silent'",
        ),
        (
            GOOD | {"alarms": [ALARM | {"test": "silent", "when": [WHEN]}]},
            "alarms[0]: when is for tests of a value, not for silent",
        ),
        (GOOD | {"signals": GOOD["signals"] * 2}, "signals[1].key: signal voltage is there twice"),  # type: ignore[operator]
        ([1, 2], "wanted a mapping of keys, found list"),
    ],
)
def test_a_broken_profile_names_file_key_wish_and_finding(
    tmp_path: Path, content: object, complaint: str
) -> None:
    pattern = complaint.replace("[", r"\[").replace("]", r"\]")
    with pytest.raises(ConfigError, match=rf"em3\.yaml:\d+: {pattern}"):
        load_profile(written(tmp_path, content))


def test_what_is_not_yaml_names_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "em3.yaml"
    path.write_text("profile: em3\n  signals: {", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"em3\.yaml:2: cannot be read as YAML: "):
        load_profile(path)


def test_a_profile_must_be_in_a_file_of_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"profile em3 must be in em3\.yaml"):
        load_profile(written(tmp_path, GOOD, "em4"))


def test_the_same_profile_in_two_folders_is_refused(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        written(tmp_path / folder, GOOD)
    with pytest.raises(ConfigError, match="profile em3 is there twice"):
        load_profiles(tmp_path)


BROKEN = """\
profile: em3
family: toaster
protocol: modbus
name: {en: Meter, ru: Счётчик}
source: EM3 register map, revision 1.4
signals:
  - key: voltage
    name: {en: Voltage, ru: Напряжение}
  - key: voltage
    name: {en: Voltage, ru: Напряжение}
    modbus: {address: 70000}
    poll_s: 1
    poll_s: 2
alarms:
  - key: high
    signal: current
"""


def test_everything_that_is_wrong_with_a_profile_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "em4.yaml"
    path.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        load_profile(path)
    told = str(error.value).splitlines()
    assert [line.removeprefix(f"{path}:").partition(", found")[0] for line in told[:8]] == [
        "1: profile: profile em3 must be in em3.yaml",
        "2: family: Input should be 'electricity_meter', 'water_meter', 'heat_meter', "
        "'heat_point', 'lift', 'street_light', 'feeder_cabinet', 'traffic_controller', "
        "'air_quality', 'gas', 'flood', 'camera' or 'edge'",
        "7: signals[0]: signal voltage has no address `modbus:`",
        "9: signals[1].key: signal voltage is there twice",
        "11: signals[1].modbus.address: Input should be less than or equal to 65535",
        "13: signals[1].poll_s: it is there twice",
        "15: alarms[0].test: Field required",
        "15: alarms[0].limit: Field required",
    ]


def test_what_is_wrong_with_several_profiles_is_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, changed(scale=2), "em3")
    written(tmp_path, GOOD | {"profile": "em4", "family": "toaster"}, "em4")
    with pytest.raises(ConfigError, match=r"(?s)em3\.yaml:\d+: .*em4\.yaml:\d+: family"):
        load_profiles(tmp_path)
