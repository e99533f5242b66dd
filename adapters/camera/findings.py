"""What a camera finds; the keys of its events. Its latest picture goes as wire.STILL."""

CROSSING = "crossing"  # a car over the line: a violation only where the head was red
