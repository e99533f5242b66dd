"""The ceiling of `bench mqtt`: paho alone, which counts what it gets and looks at nothing.

Every line of its output is how many messages it has, and its processor time in seconds.
"""

import argparse
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

EVERY_S = 0.02


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args(argv)
    count = 0

    def on_message(_client: mqtt.Client, _userdata: object, _message: mqtt.MQTTMessage) -> None:
        nonlocal count
        count += 1

    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.on_message = on_message
    client.on_subscribe = lambda *_: print(0, 0, flush=True)
    client.connect("127.0.0.1", options.port)
    client.loop_start()
    client.subscribe("bench/+", qos=0)
    while True:
        time.sleep(EVERY_S)
        print(count, time.process_time(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
