"""Devices that publish JSON as fast as they may: raw MQTT 3.1.1 over one socket, made beforehand.

Each line of the input is a number: how many messages may have been sent by now. The answer is how
many have. Every message has three values, none of which its device said in its last message.
"""

import argparse
import json
import socket
import struct
import sys

DEVICES = 100
BLOCK = 500  # messages that are sent together
CYCLE = 10_000  # different messages; then they begin anew
# MQTT 3.1.1, section 3.1: level 4, clean session, no keepalive.
CONNECT = b"\x10\x18\x00\x04MQTT\x04\x02\x00\x00" + struct.pack(">H", 12) + b"bench-source"


def message(number: int) -> bytes:
    """Give a PUBLISH packet of QoS 0 (MQTT 3.1.1, section 3.3)."""
    values = {
        "voltage": 200 + number / 100,
        "current": number / 1000,
        "power": 50_000 - number,
    }
    topic = f"bench/{number % DEVICES}".encode()
    body = struct.pack(">H", len(topic)) + topic + json.dumps(values).encode()
    if len(body) > 127:
        raise ValueError("the length of a message is one byte here")
    return bytes([0x30, len(body)]) + body


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(argv)
    blocks = [
        b"".join(message(number) for number in range(first, first + BLOCK))
        for first in range(0, CYCLE, BLOCK)
    ]
    sent = 0
    with socket.create_connection(("127.0.0.1", options.port)) as connection:
        connection.sendall(CONNECT)
        connection.recv(4)
        for line in sys.stdin:
            while sent + BLOCK <= int(line):
                connection.sendall(blocks[sent // BLOCK % len(blocks)])
                sent += BLOCK
            print(sent, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
