"""JPEG stills of a bounded size, and what is drawn into them."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]

FINDING_BYTES = 200_000  # a picture that proves something
LATEST_BYTES = 60_000  # a picture a minute and camera
LATEST_WIDTH = 640
YELLOW = (40, 220, 255)
RED = (40, 40, 255)


def encode(picture: Frame, limit: int) -> bytes:
    """Give the picture as a JPEG of at most `limit` bytes, as sharp as fits."""
    while True:
        for quality in (85, 70, 55, 40):
            _, jpeg = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))
            if len(jpeg) <= limit:
                return jpeg.tobytes()
        picture = cv2.resize(picture, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA).astype(
            np.uint8
        )


def latest(frame: Frame) -> bytes:
    """Give a small still of what the camera shows now."""
    scale = min(1.0, LATEST_WIDTH / frame.shape[1])
    small = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return encode(small.astype(np.uint8), LATEST_BYTES)


def over_the_line(frame: Frame, line: NDArray[np.float64], box: NDArray[np.float64]) -> bytes:
    """Draw the stop line and a box around a car into a copy of the frame; give the JPEG.

    line: its ends, shape (2, 2); box: corners on the road, shape (4, 2); pixels.
    """
    picture = frame.copy()
    ends = line.round().astype(int).tolist()
    cv2.line(picture, ends[0], ends[1], YELLOW, 2, cv2.LINE_AA)
    low, high = box.min(axis=0).round().astype(int), box.max(axis=0).round().astype(int)
    cv2.rectangle(picture, (low - 5).tolist(), (high + 5).tolist(), RED, 2, cv2.LINE_AA)
    return encode(picture, FINDING_BYTES)


def with_caption(still: bytes, lines: Sequence[str]) -> bytes:
    """Write lines, ASCII only as the font is, on a dark strip below a still; give the JPEG."""
    if not still:
        return b""
    picture = np.asarray(cv2.imdecode(np.frombuffer(still, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    strip = np.full((24 * len(lines) + 10, picture.shape[1], 3), 24, np.uint8)
    for row, line in enumerate(lines):
        place = (12, 24 * row + 23)
        cv2.putText(
            strip, line, place, cv2.FONT_HERSHEY_SIMPLEX, 0.55, (235, 235, 235), 1, cv2.LINE_AA
        )
    return encode(np.vstack([picture, strip]).astype(np.uint8), FINDING_BYTES)
