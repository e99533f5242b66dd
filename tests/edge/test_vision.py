"""What the camera and the witness make of five rendered minutes, beside what is true of them."""

from collections import Counter
from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from adapters.camera.approach import Approach, Passage
from adapters.camera.findings import CROSSING
from adapters.camera.options import Calibration
from adapters.camera.still import FINDING_BYTES, over_the_line
from adapters.contract import Event
from core.quality import GOOD
from core.readings import Readings
from edge.vision.witness import Verdict, WatchedHead, Witness
from simulators.camera.road import RoadCamera, calibration
from simulators.camera.traffic import Crossing, Head

pytestmark = pytest.mark.timeout(400)  # three thousand pictures are drawn, sent and looked at
START = 1_790_000_000_000_000_000
SECOND = 1_000_000_000
STEP = SECOND // 10
MINUTES = 5
GREEN_S, YELLOW_S, CYCLE_S = 22, 25, 50  # green until, yellow until, then red
RED, GREEN, YELLOW = 1.0, 3.0, 4.0
LANES = ("left", "right")
HEAD_SIGNAL = 5


def head_at(time: int) -> Head:
    second = (time - START) / SECOND % CYCLE_S
    return "green" if second < GREEN_S else "yellow" if second < YELLOW_S else "red"


def cross_head_at(time: int) -> Head:
    second = (time - START) / SECOND % CYCLE_S
    return "green" if 27 <= second < 45 else "yellow" if 45 <= second < 48 else "red"


@dataclass(frozen=True)
class Seen:
    """passages: all that were counted; accused: those on red; truth: of the watched lanes."""

    passages: list[Passage]
    accused: list[Event]
    truth: list[Crossing]

    @property
    def runners(self) -> list[Crossing]:
        return [crossing for crossing in self.truth if crossing.head == "red"]


class Film:
    """Renders minutes of traffic, fast, and shows every frame as the JPEG that a camera sends."""

    def __init__(self, daylight: tuple[float, float], seed: int) -> None:
        self.time = START
        self._daylight = daylight
        self.camera = RoadCamera(
            lambda: head_at(self.time),
            self._light,
            cross_head=lambda: cross_head_at(self.time),
            runners_per_hour=60,
            seed=seed,
        )
        self._approach = Approach(Calibration.model_validate(calibration()))
        self._head = WatchedHead(HEAD_SIGNAL, frozenset({RED}), "traffic-1", "head_1")
        self._witness = Witness({"camera": self._head})

    def _light(self) -> float:
        first, last = self._daylight
        share = (self.time - START) / (MINUTES * 60 * SECOND)
        return first + (last - first) * share

    def watch(self) -> Seen:
        passages, accused = [], []
        codes = {"red": RED, "green": GREEN, "yellow": YELLOW}
        for self.time in range(START, START + MINUTES * 60 * SECOND, STEP):
            jpeg = cv2.imencode(".jpg", self.camera.render(self.time), (1, 80))[1]
            frame = np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), np.uint8)
            code = codes[head_at(self.time)]
            self._witness.note(Readings.of([HEAD_SIGNAL], self.time, code, GOOD, self.time))
            for passage in self._approach.look(frame, self.time):
                passages.append(passage)
                event = Event(
                    "camera", CROSSING, True, passage.ended, LANES[passage.lane],
                    still=over_the_line(frame, self._approach.line, passage.box),
                    transient=True, began=passage.began,
                )  # fmt: skip
                self._witness.take(event, self.time)
            accused += self._witness.decided(self.time)
        truth = [each for each in self.camera.traffic.crossings if each.lane in LANES]
        return Seen(passages, accused, truth)


@pytest.fixture(
    scope="module",
    params=[((1.0, 1.0), 1), ((0.0, 0.0), 2), ((0.9, 0.0), 3)],
    ids=["day", "night", "dusk"],
)
def seen(request: pytest.FixtureRequest) -> Seen:
    daylight, seed = request.param
    return Film(daylight, seed).watch()


def test_the_count_of_a_minute_is_within_a_tenth(seen: Seen) -> None:
    # A car whose front crossed at the end of a minute has its rear over the line in the next.
    def by_minute(times: list[int]) -> Counter[int]:
        return Counter((time - START) // (60 * SECOND) for time in times)

    true = by_minute([crossing.time for crossing in seen.truth])
    counted = by_minute([passage.ended for passage in seen.passages])
    assert sum(true.values()) > 50
    assert [
        (minute, true[minute], counted[minute])
        for minute in range(MINUTES)
        if abs(true[minute] - counted[minute]) > max(1, 0.1 * true[minute])
    ] == []


def test_every_car_over_the_line_on_red_is_accused(seen: Seen) -> None:
    assert len(seen.runners) >= 2
    assert [
        crossing
        for crossing in seen.runners
        if not any(_is_same(event, crossing) for event in seen.accused)
    ] == []


def test_nobody_else_is_accused(seen: Seen) -> None:
    assert [
        event
        for event in seen.accused
        if not any(_is_same(event, crossing) for crossing in seen.runners)
    ] == []


def test_every_accusation_has_a_still_that_is_not_too_large(seen: Seen) -> None:
    sizes = [len(event.still) for event in seen.accused]
    assert min(sizes) > 10_000
    assert max(sizes) <= FINDING_BYTES


def _is_same(event: Event, crossing: Crossing) -> bool:
    """The rear follows the front within two and a half seconds."""
    return event.text == crossing.lane and 0 <= event.time - crossing.time < 2.5 * SECOND


def head(*shown: tuple[float, float | None]) -> WatchedHead:
    """Give a head that showed codes at seconds."""
    watched = WatchedHead(HEAD_SIGNAL, frozenset({RED}), "traffic-1", "head_1")
    watched.shown.extend((START + round(second * SECOND), code) for second, code in shown)
    return watched


def verdict(watched: WatchedHead, began: float, ended: float) -> Verdict | None:
    return watched.verdict(START + round(began * SECOND), START + round(ended * SECOND))


def every_second(code: float | None, start: int, end: int) -> list[tuple[float, float | None]]:
    return [(float(second), code) for second in range(start, end)]


def test_red_throughout_is_red() -> None:
    assert verdict(head(*every_second(RED, 0, 10)), 4.5, 5.2) is Verdict.RED


def test_green_throughout_is_not_red() -> None:
    assert verdict(head(*every_second(GREEN, 0, 10)), 4.5, 5.2) is Verdict.NOT_RED


def test_a_passage_just_after_the_change_is_not_decided() -> None:
    watched = head(*every_second(YELLOW, 0, 5), *every_second(RED, 5, 10))
    assert verdict(watched, 5.2, 6.0) is Verdict.UNDECIDED


def test_a_passage_that_ends_on_green_is_not_decided() -> None:
    watched = head(*every_second(RED, 0, 5), *every_second(GREEN, 5, 10))
    assert verdict(watched, 3.0, 4.9) is Verdict.UNDECIDED


def test_a_hole_in_the_telemetry_decides_nothing() -> None:
    watched = head(*every_second(RED, 0, 3), *every_second(RED, 6, 10))
    assert verdict(watched, 4.0, 5.0) is Verdict.UNDECIDED


def test_a_bad_reading_decides_nothing() -> None:
    watched = head(*every_second(RED, 0, 5), (5.0, None), *every_second(RED, 6, 10))
    assert verdict(watched, 4.5, 5.5) is Verdict.UNDECIDED


def test_a_front_that_was_not_seen_decides_nothing() -> None:
    assert head(*every_second(RED, 0, 10)).verdict(0, START + 5 * SECOND) is Verdict.UNDECIDED


def test_the_judgement_waits_for_the_telemetry() -> None:
    assert verdict(head(*every_second(RED, 0, 5)), 3.0, 4.5) is None
