"""A paper journal of meter readings, which a dispatcher enters from before the meters had radio."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from simulators.people.api import Api, ApiError

YEAR, QUARTER = 11, 3  # months
PER_DAY = {"W.h": 6500.0, "m3": 0.22}  # what a flat takes, in the unit of its meter
LOST = 1.08  # times what the flats take comes in at the inlet
ASK_AGAIN_S = 2.0

log = structlog.get_logger()


class Journal:
    """Reads backwards from what a meter shows now, at the pace of its flat.

    token: of a dispatcher's sign-in link. place: the house. flat: whose readings go back a year.
    without: the asset of which the last month was left out.
    """

    def __init__(self, api: Api, token: str, *, place: str, flat: str, without: str) -> None:
        self._api = api
        self._token = token
        self._place = place
        self._flat = flat
        self._without = without

    async def enter(self) -> None:
        """Enter what is not there yet, as soon as each meter shows something."""
        while True:
            try:
                await self._enter()
            except ApiError as error:
                log.info("the journal of readings waits", error=str(error))
                await asyncio.sleep(ASK_AGAIN_S)
            else:
                log.info("the journal of readings is entered")
                return

    async def _enter(self) -> None:
        await asyncio.to_thread(self._api.sign_in, self._token)
        meters = await asyncio.to_thread(self._api.get, f"/api/v1/meters?place={self._place}")
        paces = dict(_paces(meters))
        for meter in meters:
            path = f"/api/v1/meters/{meter['asset']}/readings"
            while not (found := await asyncio.to_thread(self._api.get, path))["shown"]:  # noqa: ASYNC110
                await asyncio.sleep(ASK_AGAIN_S)
            if not found["by_people"]:
                await asyncio.to_thread(self._copy, meter, found["shown"][0], paces)

    def _copy(
        self, meter: Mapping[str, Any], shown: Mapping[str, Any], paces: Mapping[str, float]
    ) -> None:
        asset = meter["asset"]
        since = self._api.get(f"/api/v1/assets/{asset}")["served_by"][0]["since"]
        now = datetime.fromisoformat(shown["at"])
        months = list(_months_before(now, YEAR if meter["place"] == self._flat else QUARTER))
        for at in months[1:] if asset == self._without else months:
            if since and at < datetime.fromisoformat(since):
                return  # another meter served then
            days = (now - at) / timedelta(days=1)
            value = shown["value"] - paces[asset] * PER_DAY[shown["unit"]] * days
            reading = {"value": round(value, 3), "at": at.isoformat(), "confirmed": True}
            self._api.post(f"/api/v1/meters/{asset}/readings", reading)


def _paces(meters: list[Mapping[str, Any]]) -> Iterator[tuple[str, float]]:
    """Give how fast each meter goes, 1 for an ordinary flat; the inlet sees them all."""
    ways = count()
    flats = {
        each["asset"]: 0.55 + next(ways) * 7 % 19 / 20 for each in meters if each["scope"] == "flat"
    }
    yield from flats.items()
    for each in meters:
        if each["scope"] == "house":
            same = {m["asset"] for m in meters if m["resource"] == each["resource"]}
            yield each["asset"], LOST * sum(flats[asset] for asset in same & set(flats))


def _months_before(now: datetime, months: int) -> Iterator[datetime]:
    """Give the beginnings of this month and of those before, the newest first."""
    zone = ZoneInfo("Europe/Moscow")
    local = now.astimezone(zone)
    for back in range(months):
        year, month = divmod(local.year * 12 + local.month - 1 - back, 12)
        yield datetime(year, month + 1, 1, tzinfo=zone).astimezone(UTC)
