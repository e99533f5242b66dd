"""How often one address may do something, remembered for a bounded number of addresses."""

from collections import OrderedDict

from core.clock import Clock


class Rate:
    """A bucket an address: `burst` at once, then one every `every_s` seconds.

    Of more than `addresses` addresses the one that was quiet for longest is forgotten.
    """

    def __init__(self, burst: int, every_s: float, addresses: int = 10_000) -> None:
        self._burst = burst
        self._every_s = every_s
        self._most = addresses
        self._free_at: OrderedDict[str, float] = OrderedDict()

    def lets(self, address: str, clock: Clock) -> bool:
        """Tell whether this address may now, and count it if so."""
        now = clock.monotonic()
        free_at = max(self._free_at.get(address, now), now)
        if free_at - now > (self._burst - 1) * self._every_s:
            return False
        self._free_at[address] = free_at + self._every_s
        self._free_at.move_to_end(address)
        if len(self._free_at) > self._most:
            self._free_at.popitem(last=False)
        return True
