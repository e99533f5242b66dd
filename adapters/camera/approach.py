"""Cars on an approach to a stop line, seen from above and behind.

The approach is a rectangle on the road. It is laid flat by a homography, so that one row is one
distance whatever the perspective, and each lane becomes a line of occupied and free rows. By day a
row is occupied where it differs from the background (a running average); by night where it holds
tail lights, since head lights make the road before a car differ as much as the car itself.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from adapters.camera.options import Calibration
from core.clock import SECOND

Frame = NDArray[np.uint8]

PIXELS_PER_METRE = 8
BAND_M = 2.2  # of a lane's width is looked at: a neighbour's shadow falls on its edge only
LEARNING = 0.02  # share of a new frame in the background
SETTLED_S = 90.0  # what stood there that long belongs to the road
DAY, NIGHT = 50.0, 42.0  # grey level of the picture above which it is day, below which night
REDNESS = 45  # grey levels by which the red of a tail light is above its green and blue
SHORTEST_CAR, LONGEST_CAR = 4.0, 12.0  # metres


@dataclass(frozen=True, slots=True)
class Run:
    """Occupied rows of one lane. rear, front: metres from the near edge."""

    rear: float
    front: float


@dataclass(slots=True)
class Track:
    """One car on its way. rear: metres; speed: metres a second; seen_at: nanoseconds UTC.

    trail: (time, rear) where it advanced. lengths: as measured by day, with the height of the car,
    which hides the road before it. is_hidden: behind it another car has closed up. seen_from:
    metres from which on it was never hidden.
    """

    rear: float
    speed: float
    seen_at: int
    trail: list[tuple[int, float]]
    lengths: deque[float] = field(default_factory=lambda: deque(maxlen=25))
    is_hidden: bool = False
    seen_from: float = 0.0
    is_counted: bool = False

    def expected(self, time: int) -> float:
        """Give where its rear must be at `time` if nothing has changed."""
        return (
            self.rear if self.is_hidden else self.rear + self.speed * (time - self.seen_at) / SECOND
        )

    def move(self, rear: float, time: int) -> None:
        elapsed = (time - self.seen_at) / SECOND
        if self.is_hidden:
            self.seen_from = rear
        elif elapsed > 0:
            self.speed += 0.4 * (min(max((rear - self.rear) / elapsed, 0.0), 30.0) - self.speed)
        self.rear, self.seen_at, self.is_hidden = rear, time, False
        if rear - self.trail[-1][1] > 0.2:
            self.trail.append((time, rear))

    def passed(self, distance: float) -> int:
        """Give when its rear went over `distance`, nanoseconds UTC.

        0 where that was not seen, or where it was hidden later: what came out may be another car.
        """
        if max(self.trail[0][1], self.seen_from) > distance:
            return 0
        for (before, start), (after, end) in zip(self.trail, self.trail[1:], strict=False):
            if start <= distance < end:
                return before + round((after - before) * (distance - start) / (end - start))
        return 0


@dataclass(frozen=True, slots=True)
class Passage:
    """A whole car went over the stop line.

    began: when its front was there, 0 where it was not seen; ended: when its rear was; nanoseconds
    UTC. box: its corners in the picture, shape (4, 2).
    """

    began: int
    ended: int
    lane: int
    box: NDArray[np.float64]


class Approach:
    """Follows the cars of an approach from frame to frame."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        rows = round(calibration.length_m * PIXELS_PER_METRE)
        columns = round(calibration.width_m * PIXELS_PER_METRE)
        flat = np.array([(0, 0), (columns, 0), (columns, rows), (0, rows)], np.float32)
        corners = np.array(calibration.corners, np.float32)
        self._flatten = cv2.getPerspectiveTransform(corners, flat)
        self._raise = cv2.getPerspectiveTransform(flat, corners)
        self._size = (columns, rows)
        self._background: NDArray[np.float32] | None = None
        self._settling: NDArray[np.float32] = np.zeros((rows, columns), np.float32)
        self._is_day = True
        self._last = 0
        self._tracks: list[list[Track]] = [[] for _ in range(calibration.lanes)]
        width = columns / calibration.lanes
        band = BAND_M * PIXELS_PER_METRE / 2
        middles = [width * (lane + 0.5) for lane in range(calibration.lanes)]
        self._bands = [slice(round(middle - band), round(middle + band)) for middle in middles]

    @property
    def line(self) -> NDArray[np.float64]:
        """The ends of the stop line in the picture, shape (2, 2)."""
        row = self._calibration.line_m * PIXELS_PER_METRE
        return self._in_picture([(0, row), (self._size[0], row)])

    def look(self, frame: Frame, time: int) -> list[Passage]:
        """Take a frame of `time`, nanoseconds UTC, and give the cars that have passed by it."""
        # Of the whole picture: the beams of a queue light up the approach, and are not the day.
        level = float(np.median(frame[::16, ::16]))
        self._is_day = level > (NIGHT if self._is_day else DAY)
        flat = cv2.warpPerspective(frame, self._flatten, self._size).astype(np.uint8)
        occupied = self._occupied(flat, time)
        self._last = time
        passages = []
        for lane, rows in enumerate(occupied):
            runs = _runs(rows, gap_m=0.6 if self._is_day else 1.2)
            if self._is_day:
                runs = [run for run in runs if run.front - run.rear > 1.2]
            tracks = self._tracks[lane] = _follow(
                self._tracks[lane], runs, time, self._calibration.line_m
            )
            for track in tracks:
                if self._is_day and track.seen_at == time:
                    track.lengths.extend(
                        run.front - run.rear for run in runs if run.rear == track.rear
                    )
                if not track.is_counted and track.rear >= self._calibration.line_m:
                    track.is_counted = True
                    passages.append(self._passage(track, lane))
        return passages

    def _passage(self, track: Track, lane: int) -> Passage:
        length = LONGEST_CAR
        if self._is_day and track.lengths:
            length = float(np.clip(np.median(track.lengths), SHORTEST_CAR, LONGEST_CAR))
        shown = length if self._is_day else 4.6
        band = self._bands[lane]
        rear, front = track.rear * PIXELS_PER_METRE, (track.rear + shown) * PIXELS_PER_METRE
        corners = [(band.start, rear), (band.stop, rear), (band.stop, front), (band.start, front)]
        began = track.passed(self._calibration.line_m - length)
        return Passage(began, track.seen_at, lane, self._in_picture(corners))

    def _in_picture(self, points: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
        given = np.array([points], np.float64)
        return np.asarray(cv2.perspectiveTransform(given, self._raise)[0], np.float64)

    def _occupied(self, flat: Frame, time: int) -> list[NDArray[np.bool_]]:
        """Mark the occupied rows of each lane."""
        mask = self._differing(flat, time)
        if self._is_day:
            return [mask[:, band].mean(axis=1) > 0.5 for band in self._bands]
        blue, green, red = cv2.split(flat)
        lights = cv2.subtract(red, cv2.max(blue, green)) > REDNESS
        return [lights[:, band].sum(axis=1) >= 2 for band in self._bands]

    def _differing(self, flat: Frame, time: int) -> NDArray[np.bool_]:
        """Mark the pixels that differ from the background, and let the background follow.

        The light of the whole scene may change; what is not a car tells by how much.
        """
        if self._background is None:
            self._background = flat.astype(np.float32)
        background = self._background
        threshold = 4 + 0.13 * float(background.mean())
        mask = _largest_difference(flat, background) > threshold
        road = ~mask
        if road.mean() > 0.2:
            gain = float(flat[road].mean()) / max(float(background[road].mean()), 1.0)
            background *= np.float32(min(max(gain, 0.97), 1.03))
        self._settling[road] = 0
        self._settling[mask] += (time - self._last) / SECOND if self._last else 0.0
        share = np.where(self._settling > SETTLED_S, 1.0, np.where(mask, 0.0, LEARNING))
        background += (flat - background) * share[..., None].astype(np.float32)
        return mask


def _largest_difference(flat: Frame, background: NDArray[np.float32]) -> NDArray[np.float32]:
    difference: NDArray[np.float32] = np.abs(flat - background).max(axis=2)
    return difference


def _runs(rows: NDArray[np.bool_], gap_m: float) -> list[Run]:
    """Join occupied rows into runs, the farthest first; a smaller gap than `gap_m` is no gap."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], rows.view(np.int8), [0]))))
    joined: list[list[float]] = []
    for start, end in (edges.reshape(-1, 2) / PIXELS_PER_METRE).tolist():
        if joined and start - joined[-1][1] < gap_m:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    return [Run(rear, front) for rear, front in reversed(joined)]


def _follow(tracks: list[Track], runs: Sequence[Run], time: int, line_m: float) -> list[Track]:
    """Give each run's rear to the track that expects it; cars of a lane keep their order.

    A run that nobody expects is a new car if it has just come in. A track without a run is hidden
    while a run covers it, and given up when it was not seen for 0.7 s.
    """
    left = [run for run in runs if run.rear > 0.3]
    for track in sorted(tracks, key=lambda item: -item.rear):
        expected = track.expected(time)
        reach = 6.0 if track.is_hidden else 1.6 + 0.12 * track.speed
        near = [run for run in left if -1.6 <= run.rear - expected <= reach]
        if near:
            run = min(near, key=lambda item: abs(item.rear - expected))
            left.remove(run)
            track.move(run.rear, time)
        elif any(run.rear < expected < run.front for run in runs):
            track.rear, track.seen_at, track.is_hidden = expected, time, True
    kept = [track for track in tracks if time - track.seen_at < 0.7 * SECOND]
    born = [Track(run.rear, 8.0, time, [(time, run.rear)]) for run in left if run.rear < line_m - 4]
    return kept + born
