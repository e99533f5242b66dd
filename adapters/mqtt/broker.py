"""A local MQTT 5 broker in the foreground: mosquitto where there is one, else the one in a wheel.

    python -m adapters.mqtt.broker --port 18830 --state .kvartal/broker --users users.txt

It listens on this machine only and keeps nothing over a restart: what counts is acknowledged end
to end. The users file has a line `name:password` for each. `gateway` may use kvartal/#, `town`
(the simulated devices) town/#; every other name is the id of an edge, which writes below its own
up/, reads below its own down/, and may use town/#.
"""

import argparse
import base64
import getpass
import hashlib
import json
import logging
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import ConfigError

LISTEN = "127.0.0.1"
MAX_PACKET = 9 * 1024 * 1024  # the wire's limit of 8 MiB and what stands around it
IN_FLIGHT = 100
SERVERS = ("mosquitto", "iotcore")
DEVICES = "town/#"
NO_TOPIC_LISTS = (
    "broker: iotcore has no topic access lists: whoever has a password may read and write every "
    "topic. Install mosquitto to keep the edges apart.\n"
)
ITERATIONS = 10_000  # of PBKDF2; the file is written anew at each start


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m adapters.mqtt.broker")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder for its configuration")
    parser.add_argument("--users", type=Path, help="lines name:password; without it anybody may in")
    parser.add_argument("--server", choices=SERVERS, help="default: mosquitto where there is one")
    options = parser.parse_args(arguments)
    try:
        users = read_users(options.users) if options.users else {}
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    mosquitto = find_mosquitto()
    if options.server == "mosquitto" and mosquitto is None:
        sys.stderr.write("mosquitto is neither on the PATH nor in /usr/sbin\n")
        return 2
    options.state.mkdir(parents=True, exist_ok=True, mode=0o700)
    if mosquitto is None or options.server == "iotcore":
        run_iotcore(options.port, options.state, users)
    else:
        run_mosquitto(mosquitto, options.port, options.state, users)
    return 0


def find_mosquitto() -> str | None:
    """Give the path of mosquitto. Debian keeps it in /usr/sbin, which is not on every PATH."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def read_users(path: Path) -> dict[str, str]:
    """Read passwords by name. ConfigError names the file and the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    users = {}
    for number, line in enumerate(lines, 1):
        name, separator, password = line.strip().partition(":")
        if not name and not separator:
            continue
        if not name or not password or set(name) & set("+#/ "):
            raise ConfigError(f"{path}:{number}: wanted name:password")
        users[name] = password
    return users


def run_mosquitto(path: str, port: int, state: Path, users: Mapping[str, str]) -> None:
    """Replace this process by mosquitto."""
    state = state.resolve()
    lines = [
        f"listener {port} {LISTEN}",
        f"user {getpass.getuser()}",  # as root it would change to a user that cannot read these
        "persistence false",
        "set_tcp_nodelay true",
        f"max_packet_size {MAX_PACKET}",
        f"max_inflight_messages {IN_FLIGHT}",
        "max_queued_messages 10000",  # a client that does not read; beyond it messages are dropped
        "max_queued_bytes 67108864",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        f"allow_anonymous {'false' if users else 'true'}",
    ]
    if users:
        passwords, topics = state / "passwords", state / "topics"
        write_private(passwords, "".join(f"{hashed(*user)}\n" for user in users.items()))
        write_private(topics, "".join(allowed(name) for name in users))
        lines += [f"password_file {passwords}", f"acl_file {topics}"]
    configuration = state / "mosquitto.conf"
    write_private(configuration, "\n".join(lines) + "\n")
    os.execv(path, [path, "-c", str(configuration)])  # noqa: S606 - no shell, a path we found


def allowed(user: str) -> str:
    """Give the part of mosquitto's access list that is about one user."""
    match user:
        case "gateway":
            topics = ["readwrite kvartal/#"]
        case "town":
            topics = [f"readwrite {DEVICES}"]
        case edge:
            topics = [
                f"write kvartal/1/{edge}/up/#",
                f"read kvartal/1/{edge}/down/#",
                f"readwrite {DEVICES}",
            ]
    return "\n".join([f"user {user}", *(f"topic {topic}" for topic in topics)]) + "\n\n"


def hashed(name: str, password: str) -> str:
    """Give a line of mosquitto's password file: PBKDF2 of SHA-512, as mosquitto_passwd writes."""
    salt = secrets.token_bytes(12)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
    parts = [base64.b64encode(part).decode() for part in (salt, key)]
    return f"{name}:$7${ITERATIONS}${parts[0]}${parts[1]}"


def run_iotcore(port: int, state: Path, users: Mapping[str, str]) -> None:
    """Run rumqttd in this process. It knows users, but no topic access lists."""
    from iotcore import IotCoreBroker  # noqa: PLC0415 - a large library, and not always there

    settings = [
        "id = 0",
        "[router]",
        "id = 0",
        "max_connections = 1000",
        "max_outgoing_packet_count = 200",
        # Per subscription it keeps so much in memory; a reader that is further behind loses.
        f"max_segment_size = {2 * MAX_PACKET}",
        "max_segment_count = 4",
        "[v5.1]",
        'name = "mqtt5"',
        f'listen = "{LISTEN}:{port}"',
        "next_connection_delay_ms = 1",
        "[v5.1.connections]",
        "connection_timeout_ms = 10000",
        f"max_payload_size = {MAX_PACKET}",
        f"max_inflight_count = {IN_FLIGHT}",
        "dynamic_filters = true",
    ]
    if users:
        sys.stderr.write(NO_TOPIC_LISTS)
        settings.append("[v5.1.connections.auth]")
        # A TOML basic string is written like a JSON string.
        settings += [f"{json.dumps(name)} = {json.dumps(users[name])}" for name in users]
    configuration = state / "rumqttd.toml"
    write_private(configuration, "\n".join(settings) + "\n")
    logging.basicConfig(level=logging.WARNING)
    # It reports every packet as an error.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    broker = IotCoreBroker(config_path=str(configuration))
    broker.check_ports()
    broker.run_forever()


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
