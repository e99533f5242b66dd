"""`kvartal edge check` tells what is wrong with programs, line by line."""

import json
from pathlib import Path

import pytest
import yaml

from core.command_line import run
from core.program import Program, ProgramKind, Span
from edge.configuration import load_configuration
from tests.edge.stand import PROFILES
from tests.edge.test_check import check, written

DEVICES = """\
endpoints:
  - {id: radio, protocol: mqtt, address: "mqtt://192.0.2.7"}
  - {id: corner, protocol: modbus, address: "modbus+tcp://192.0.2.8:502"}
devices:
  - {id: cab-1, profile: generic-feeder-cabinet, endpoint: radio, unit: a}
  - {id: traffic-1, profile: generic-traffic-controller, endpoint: corner, unit: 1}
programs:
"""
GOOD = """\
  - id: street
    kind: lighting
    devices: [cab-1]
    signal: contactor
    zone: Europe/Moscow
    latitude: 54.2
    longitude: 37.6
    spans:
      - {since: dusk+10, until: 23:30, set: 1}
      - since: 5:30
        until: dawn
        set: 1
    calendar:
      - {since: 2026-12-31, until: 2027-01-01, spans: [{since: dusk, until: dawn, set: 1}]}
"""
BROKEN = """\
  - id: street
    kind: lighting
    devices: [cab-1, cab-9, traffic-1]
    signal: contactor
    zone: Moscow
    spans:
      - {since: dusk, until: noon, set: 2}
  - id: plans
    kind: traffic
    devices: [traffic-1]
    signal: plam
    zone: Europe/Moscow
    otherwise: 17
    spons: []
  - id: plans
    kind: traffic
    devices: [traffic-1]
    signal: phase
    zone: Europe/Moscow
    calendar:
      - {until: 12-31}
  - {id: again, kind: lighting, devices: [cab-1], signal: contactor, zone: UTC}
"""


def test_a_program_is_read_as_it_is_written_without_quotes(tmp_path: Path) -> None:
    found = load_configuration(written(tmp_path, DEVICES + GOOD), "edge-1", PROFILES)
    (program,) = found.programs
    assert program == Program(
        id="street", kind=ProgramKind.LIGHTING, devices=("cab-1",), signal="contactor",
        zone="Europe/Moscow", latitude=54.2, longitude=37.6,
        spans=(
            Span(since="dusk+10", until="23:30", set=1), Span(since="05:30", until="dawn", set=1),
        ),
        calendar=program.calendar,
    )  # fmt: skip
    assert (program.calendar[0].since, program.calendar[0].until) == ("2026-12-31", "2027-01-01")


def test_everything_wrong_with_programs_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, told = check(capsys, written(tmp_path, DEVICES + BROKEN))
    assert (code, told) == (
        2,
        [
            "FILE:8: programs[0]: wanted latitude and longitude, for dusk and dawn",
            "FILE:10: programs[0].devices[0]: cab-1.contactor has no state 2; it has 0, 1",
            "FILE:10: programs[0].devices[1]: cab-9 is not there",
            "FILE:10: programs[0].devices[2]: a program of lighting is for a feeder_cabinet or "
            "street_light; traffic-1 is a traffic_controller",
            "FILE:12: programs[0].zone: wanted a time zone like Europe/Moscow, found 'Moscow'",
            "FILE:14: programs[0].spans[0].until: wanted a time like 23:30, or dusk, dawn, "
            "dusk+15, dawn-20, found 'noon'",
            "FILE:18: programs[1].signal: generic-traffic-controller has no signal plam; "
            "it can set plan, flash, priority",
            "FILE:21: programs[1].spons: Extra inputs are not permitted",
            "FILE:22: programs[2]: plans is there twice",
            "FILE:24: programs[2].devices[0]: traffic-1.phase is read-only",
            "FILE:28: programs[2].calendar[0]: wanted since (and until), weekdays, or both; "
            "found neither",
            "FILE:28: programs[2].calendar[0].since: is wanted where there is until '12-31'",
            "FILE:29: programs[3]: cab-1.contactor is set by street already",
        ],
    )


def test_a_signal_that_a_model_has_not_is_told_with_those_that_it_can_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = DEVICES + GOOD.replace("signal: contactor", "signal: contacter")
    assert check(capsys, written(tmp_path, wrong))[2] == [
        "FILE:11: programs[0].signal: generic-feeder-cabinet has no signal contacter; "
        "it can set contactor"
    ]


def test_the_schema_knows_programs_and_the_words_of_their_spans(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["edge", "schema"]) == 0
    known = json.loads(capsys.readouterr().out)["$defs"]
    needed = {"id", "kind", "devices", "signal", "zone"}
    assert set(known["ProgramDocument"]["required"]) == needed
    assert set(known["SpanDocument"]["properties"]) == {"set", "since", "until", "within"}
    written_so = yaml.safe_load(GOOD)[0]["spans"][0]["until"]
    assert isinstance(written_so, int)
    assert "integer" in known["SpanDocument"]["properties"]["until"]["type"]


def test_an_alarm_that_a_program_brings_can_be_changed_like_any_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overrides = """\
overrides:
  - {device: cab-1, rule: contactor_by_day, set: {on_delay_s: 60}}
  - {device: cab-1, rule: contactor_by_dai, set: {on_delay_s: 60}}
"""
    assert check(capsys, written(tmp_path, DEVICES + GOOD + overrides))[2] == [
        "FILE:24: overrides[1].rule: generic-feeder-cabinet+contactor has no alarm "
        "contactor_by_dai; did you mean contactor_by_day?"
    ]
