"""How long a server takes to answer."""

from asyncua.observer import Observer

from adapters.contract import Traffic


class ReadTimes(Observer):
    """Counts answers to reads: every few seconds asyncua looks whether the server is there.

    Other calls last as long as what they ask for; a publish request waits for something new.
    """

    def __init__(self) -> None:
        self._traffic = Traffic()

    def on_request(self, request_type: str, duration: float, error: BaseException | None) -> None:
        if error is None and request_type == "ReadRequest":
            self._traffic.answers += 1
            self._traffic.waited_s += duration

    def take(self) -> Traffic:
        """Give what came since this was asked last."""
        taken, self._traffic = self._traffic, Traffic()
        return taken
