"""A page for a tester: the state of each device, and buttons that set any state or fault.

Loopback only. Another site's page cannot use it: the host and the origin are checked, and a change
must be JSON, which a foreign form cannot send.
"""

from collections.abc import Awaitable, Callable
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from simulators.world.names import FAMILIES, FAULTS
from simulators.world.world import World

NAMES = ("127.0.0.1", "localhost")


def create_tester_page(world: World) -> Starlette:
    """Make the page and its API: GET /, GET /state, POST /set, POST /fault."""
    page = resources.files("simulators").joinpath("tester.html").read_text(encoding="utf-8")

    async def index(_request: Request) -> Response:
        return HTMLResponse(page)

    async def state(request: Request) -> Response:
        family = request.query_params.get("family", "lift")
        if family not in world.families:
            return _refused(404, f"there is no family {family!r}")
        return JSONResponse(family_state(world, family))

    async def set_value(request: Request) -> Response:
        body = await _body(request, "device", "signal", "value")
        value = None if body["value"] is None else float(body["value"])
        world.hold(str(body["device"]), str(body["signal"]), value)
        return JSONResponse({"ok": True})

    async def set_fault(request: Request) -> Response:
        body = await _body(request, "name", "device", "on")
        world.set_fault(str(body["name"]), str(body["device"]), bool(body["on"]))
        return JSONResponse({"ok": True})

    routes = [
        Route("/", _guarded(index)),
        Route("/state", _guarded(state)),
        Route("/set", _guarded(set_value), methods=["POST"]),
        Route("/fault", _guarded(set_fault), methods=["POST"]),
    ]
    return Starlette(routes=routes)


def family_state(world: World, family: str) -> dict[str, object]:
    """Give what the page shows: what can be set in this family, and each device as it is."""
    devices = world.families[family].devices
    shown = world.families[family].columns
    signals = [s for s in world.profile(devices[0]).signals if s.key in shown]
    return {
        "families": {
            name: {"name": FAMILIES[name], "devices": len(each.devices)}
            for name, each in world.families.items()
        },
        "signals": [
            {
                "key": signal.key, "name": signal.name, "unit": signal.unit,
                "writable": signal.writable, "states": signal.states,
            }
            for signal in signals
        ],
        "faults": {name: FAULTS[name] for name in world.possible_faults(devices[0])},
        "devices": [
            {
                "id": device, "name": world.devices[device].name, "values": world.values(device),
                "held": world.held(device), "faults": world.faults(device),
                "silent": world.is_silent(device),
            }
            for device in devices
        ],
    }  # fmt: skip


Handler = Callable[[Request], Awaitable[Response]]


def _guarded(handler: Handler) -> Handler:
    async def checked(request: Request) -> Response:
        host = request.headers.get("host", "")
        origin = request.headers.get("origin", f"http://{host}")
        if host.rpartition(":")[0] not in NAMES or origin != f"http://{host}":
            return _refused(403, "this page is for its own machine and its own origin")
        if request.method == "POST" and request.headers.get("content-type") != "application/json":
            return _refused(415, "application/json is wanted")
        try:
            return await handler(request)
        except (KeyError, TypeError, ValueError) as error:
            return _refused(422, f"not there, or not a value: {error}")

    return checked


def _refused(status: int, error: str) -> Response:
    return JSONResponse({"error": error}, status)


async def _body(request: Request, *wanted: str) -> dict[str, Any]:
    body = await request.json()
    if not isinstance(body, dict) or set(body) != set(wanted):
        raise ValueError(f"wanted an object of {', '.join(wanted)}")
    return body
