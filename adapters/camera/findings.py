"""What a camera tells beside its readings; the keys of its events."""

STILL = "still"  # the latest picture, no finding
CROSSING = "crossing"  # a car over the line: a violation only where the head was red
