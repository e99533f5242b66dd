"""What to check next when a device does not give what was asked for."""

import asyncio
import socket
from urllib.parse import urlsplit

from adapters.address import DEFAULT_PORTS
from core.quality import REASON, Reason
from core.registry import Endpoint

CONNECT_S = 3.0
# What an adapter says, in part, and what helps. The first that fits is told.
HINTS = {
    "modbus": (
        ("does not answer", "check the unit number, which is set on the device, the wiring (A and "
         "B swapped), and baud rate and parity behind a gateway; `kvartal edge scan` finds the "
         "units that answer"),
        ("no unit answers", "check the unit number, which is set on the device, and what is behind "
         "the gateway; `kvartal edge scan` finds the units that answer"),
        ("exception 1", "the device does not know the function: try another table (holding, "
         "input, coil, discrete)"),
        ("exception 2", "the device has no such register: check table and address; they count "
         "from zero here, and many documents from 1, 30001 or 40001"),
        ("exception 3", "the device does not give so many registers: check the type"),
        ("exception 4", "the device itself failed; look at its own display"),
        ("wanted", "the answer is shorter than what was asked for: check address and type"),
        ("connection lost", "the other side hung up; many devices take one client at a time"),
    ),
    "opcua": (
        ("NodeIdUnknown", "the server has no such node; `kvartal edge scan` lists its variables"),
        ("NodeIdInvalid", "the node id is written wrong: ns=2;s=Name or ns=2;i=5"),
        ("AccessDenied", "this user may not read it; give the endpoint an account"),
        ("Identity", "the account is refused: check username and password"),
        ("Security", "the server wants a security policy: check the endpoint's options"),
        ("Certificate", "the server does not trust our certificate, or we not its"),
        ("every signal is bad", "the server is there, but does not reach the device behind it"),
    ),
    "mqtt": (
        ("refuses the client", "check username and password of the endpoint's secret"),
        ("refuses the subscription", "the account may not read this topic"),
        ("not JSON", "the payload is no JSON; look at it with `kvartal edge scan`"),
        ("is not a number", "the field is there, but holds something else; look at it with "
         "`kvartal edge scan`"),
    ),
    "camera": (
        ("gives no stream", "open the address in a player; check path, username and password"),
    ),
}  # fmt: skip
NOTHING_HEARD = {
    "modbus": "nothing was read in time",
    "opcua": "the server has not told a value yet",
    "mqtt": "no message with it was heard; check topic and field, or wait until the device "
    "publishes; `kvartal edge scan` lists the topics that are heard",
    "camera": "no frame yet",
}
QUALITY_HINTS = {
    Reason.OUT_OF_RANGE: "the value is outside what the profile allows: check type, order of bytes "
    "and scale",
    Reason.STALE: "it was kept for us and is not new: wait until the device speaks",
    Reason.CLOCK_UNSYNCHRONISED: "the time stamp cannot be right: check the device's clock, or the "
    "profile's time, time_unit and zone",
}


def quality_in_words(code: int) -> str:
    """Say a quality byte: good, or the verdict and why."""
    verdict = ("good", "uncertain", "bad", "bad")[code >> 6]
    known = {int(reason): reason.name.lower().replace("_", " ") for reason in Reason if reason}
    reason = known.get(code & REASON)
    return f"{verdict}: {reason}" if reason else verdict


def hint(protocol: str, error: str) -> str:
    """Give what to check next; nothing where the error says all that is known."""
    return next((advice for part, advice in HINTS.get(protocol, ()) if part in error), "")


async def reached(endpoint: Endpoint) -> str:
    """Try to reach an endpoint's host, and say why it cannot be; nothing where it can."""
    parts = urlsplit(endpoint.address)
    host = parts.hostname
    port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    if not host or not port:
        return ""
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return (
            f"{host} does not answer at port {port}: check the address, the cable and the "
            "firewalls on the way"
        )
    except ConnectionRefusedError:
        return (
            f"{host} is there and refuses port {port}: check the port, and that the device's "
            "server is switched on"
        )
    except socket.gaierror:
        return f"there is no host {host}: check how it is written, or give its IP address"
    except OSError as error:
        return f"{host} cannot be reached: {error.strerror or error}: check the network"
    writer.close()
    return ""
