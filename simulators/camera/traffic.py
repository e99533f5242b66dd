"""Cars on the streets of one junction, and what is true of them.

Each lane is a line; a car follows the one before it and obeys the head by the intelligent driver
model (Treiber, Hennecke, Helbing 2000, doi:10.1103/PhysRevE.62.1805).
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf, sqrt
from random import Random
from typing import Literal, TypeAlias

Head: TypeAlias = Literal["red", "yellow", "green"]
Colour: TypeAlias = tuple[int, int, int]

STEP_S = 0.1
ACCELERATION = 1.8  # m/s²
COMFORTABLE_BRAKING = 2.5  # m/s²
HARDEST_BRAKING = 7.0  # m/s², dry asphalt
YELLOW_BRAKING = 3.5  # m/s²; who would have to brake harder on yellow drives on
STANDING_GAP = 2.5  # m
HEADWAY_S = 1.3
RUNNER_SPEED = 15.0  # m/s
SETTLED_RED_S = 2.0  # of red, after which nobody can say that it was yellow
LATEST_START_S = 6.0  # of red; who comes in then is over the line long before the next green

# length, width, height of the body, height with the cabin; metres; and how many of a hundred
SIZES = (
    ((4.0, 1.7, 0.8, 1.5), 35),
    ((4.6, 1.8, 0.85, 1.5), 40),
    ((4.9, 1.9, 1.0, 1.75), 15),
    ((5.8, 2.0, 1.1, 2.3), 8),
    ((9.5, 2.4, 2.7, 2.9), 2),
)
COLOURS: tuple[Colour, ...] = (  # blue, green, red
    (235, 235, 235), (200, 200, 205), (150, 150, 150), (70, 70, 72), (30, 30, 32), (140, 60, 25),
    (45, 35, 170), (60, 110, 40), (170, 190, 215), (90, 150, 200), (150, 110, 60),
)  # fmt: skip


@dataclass(slots=True)
class Car:
    """front: metres along its lane; speed: metres a second."""

    front: float
    speed: float
    wish: float
    length: float
    width: float
    body: float
    height: float
    colour: Colour
    runner: bool = False
    braking: bool = False


@dataclass(slots=True)
class Lane:
    """A straight line that cars drive along, from `start` to `end` metres.

    stop: where its stop line is. origin, along: ground position of metre 0 and unit direction, x to
    the right and y away from the camera. rate: cars a minute.
    """

    name: str
    start: float
    end: float
    stop: float
    origin: tuple[float, float]
    along: tuple[float, float]
    rate: float
    head: Callable[[], Head]
    cars: list[Car] = field(default_factory=list)
    next_arrival_s: float = 0.0

    def place(self, distance: float) -> tuple[float, float]:
        """Give the ground position, metres, of a distance along the lane."""
        return (
            self.origin[0] + self.along[0] * distance,
            self.origin[1] + self.along[1] * distance,
        )


@dataclass(frozen=True, slots=True)
class Crossing:
    """A front bumper went over a stop line. time: nanoseconds UTC, within one step."""

    time: int
    lane: str
    head: Head
    runner: bool


class Traffic:
    """The cars of all lanes, moved forward in steps of STEP_S."""

    def __init__(self, lanes: Sequence[Lane], seed: int, runners_per_hour: float = 0.0) -> None:
        self.lanes = tuple(lanes)
        self.crossings: deque[Crossing] = deque(maxlen=10_000)
        self._random = Random(seed)
        self._runners_per_hour = runners_per_hour
        self._red_s = 0.0
        self._wanted_runners = 0

    def provoke(self) -> None:
        """Let a car drive over the first lane's line in the next red phase that begins.

        The lane takes no others until then: behind a queue at the line nobody can drive through.
        """
        self._wanted_runners = min(self._wanted_runners + 1, 5)

    def step(self, time: int) -> None:
        """Move every car by STEP_S; time: nanoseconds UTC at the end of the step."""
        self._red_s = self._red_s + STEP_S if self.lanes[0].head() == "red" else 0.0
        chance = self._runners_per_hour / 3600 * STEP_S
        if chance and self._random.random() < chance:
            self.provoke()
        first = self.lanes[0]
        if self._wanted_runners and SETTLED_RED_S < self._red_s < LATEST_START_S:
            self._send_runner(first)
        for lane in self.lanes:
            if lane is not first or not self._wanted_runners:
                self._arrive(lane)
            self._drive(lane, time)

    def _arrive(self, lane: Lane) -> None:
        lane.next_arrival_s -= STEP_S
        if lane.next_arrival_s > 0 or lane.rate <= 0:
            return
        last = lane.cars[-1] if lane.cars else None
        if last is not None and last.front - last.length < lane.start + 12:
            return
        lane.cars.append(self._car(lane.start, last))
        lane.next_arrival_s = self._random.expovariate(lane.rate / 60)

    def _car(self, front: float, ahead: Car | None) -> Car:
        length, width, body, height = self._random.choices(
            [size for size, _ in SIZES], [share for _, share in SIZES]
        )[0]
        wish = self._random.uniform(11.0, 15.0)
        return Car(
            front=front,
            speed=min(wish, ahead.speed + 2) if ahead else wish,
            wish=wish,
            length=length * self._random.uniform(0.96, 1.04),
            width=width,
            body=body,
            height=height,
            colour=self._random.choice(COLOURS),
        )

    def _send_runner(self, lane: Lane) -> None:
        """Choose the first car before the line if it still comes at speed, or send one in."""
        before = [car for car in lane.cars if car.front < lane.stop]
        if not before:
            lane.cars.append(self._car(lane.start, None))
            before = lane.cars[-1:]
        if before[0].speed > 7.0 and before[0].front < lane.stop - 3:
            before[0].runner = True
            before[0].wish = RUNNER_SPEED
            self._wanted_runners -= 1

    def _drive(self, lane: Lane, time: int) -> None:
        head = lane.head()
        ahead: Car | None = None
        for car in lane.cars:
            gap = inf if ahead is None else ahead.front - ahead.length - car.front
            pull = _pull(car, gap, 0.0 if ahead is None else ahead.speed)
            to_line = lane.stop - car.front
            if to_line >= 0 and not car.runner and _must_stop(car, head, to_line):
                pull = min(pull, _pull(car, to_line + STANDING_GAP - 1.2, 0.0))
            car.braking = pull < -0.6 or car.speed < 0.3
            speed = max(0.0, car.speed + pull * STEP_S)
            moved = (car.speed + speed) / 2 * STEP_S
            car.speed = speed
            car.front += moved
            if 0 <= to_line < moved:
                self.crossings.append(Crossing(time, lane.name, head, car.runner))
                car.runner = False
            ahead = car
        while lane.cars and lane.cars[0].front - lane.cars[0].length > lane.end:
            lane.cars.pop(0)


def _must_stop(car: Car, head: Head, to_line: float) -> bool:
    if head == "red":
        return True
    return head == "yellow" and car.speed**2 / (2 * max(to_line, 0.1)) < YELLOW_BRAKING


def _pull(car: Car, gap: float, speed_ahead: float) -> float:
    """Give the acceleration, m/s², toward the wished speed behind what is `gap` metres ahead."""
    free = 1 - (car.speed / car.wish) ** 4
    if gap == inf:
        return ACCELERATION * free
    closing = car.speed * (car.speed - speed_ahead)
    wanted = STANDING_GAP + max(
        0.0, car.speed * HEADWAY_S + closing / (2 * sqrt(ACCELERATION * COMFORTABLE_BRAKING))
    )
    return max(-HARDEST_BRAKING, ACCELERATION * (free - (wanted / max(gap, 0.1)) ** 2))
