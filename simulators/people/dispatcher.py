"""A scripted dispatcher, who signs in with a link like everybody and works through the HTTP API."""

import asyncio
from typing import Any

import structlog

from simulators.people.api import Api, ApiError

PATIENCE_S = 30.0
UNDECIDED = {"prepared", "requested", "sent"}

log = structlog.get_logger()


class Dispatcher:
    """token: of a sign-in link."""

    def __init__(self, api: Api, token: str) -> None:
        self._api = api
        self._token = token

    async def command(self, device: str, signal: str, value: float) -> None:
        """Prepare a command, confirm it, and wait until the device has read it back."""
        try:
            done = await asyncio.to_thread(self._prepare_and_confirm, device, signal, value)
            async with asyncio.timeout(PATIENCE_S):
                while done["state"] in UNDECIDED:
                    await asyncio.sleep(0.5)
                    done = await asyncio.to_thread(self._api.get, f"/api/v1/commands/{done['id']}")
        except (ApiError, TimeoutError) as error:
            log.warning(
                "the dispatcher's command came to nothing", device=device, signal=signal,
                error=str(error) or "no result in time",
            )  # fmt: skip
            return
        log.info(
            "the dispatcher commanded", device=device, signal=signal, value=value,
            state=done["state"], reads=done["result_value"], case=done["case"],
        )  # fmt: skip

    def _prepare_and_confirm(self, device: str, signal: str, value: float) -> dict[str, Any]:
        self._api.sign_in(self._token)
        order = {"device": device, "signal": signal, "value": value, "case": self._case(device)}
        prepared = self._api.post("/api/v1/commands", order)
        confirmed: dict[str, Any] = self._api.post(f"/api/v1/commands/{prepared['id']}/confirm")
        return confirmed

    def _case(self, device: str) -> int | None:
        """Find the open case about this device's asset."""
        cases = self._api.get("/api/v1/cases?state=open")
        asset = device.removesuffix("-d1")
        found: list[int] = [case["id"] for case in cases if case["asset"] == asset]
        return found[0] if found else None
