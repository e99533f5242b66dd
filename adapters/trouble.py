"""One log line when something starts to go wrong, and one when it is over."""

import structlog

MOST = 1000  # names; whoever publishes below a wildcard can make up topics without end

log = structlog.get_logger()


class Troubles:
    """What is wrong now on one endpoint, by name: a signal, a topic, a device."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.known: dict[str, str] = {}

    def begin(self, name: str, error: str) -> None:
        """Log the first of a row of errors; keep quiet about the others."""
        if name in self.known or len(self.known) >= MOST:
            return
        self.known[name] = error
        log.warning("trouble begins", endpoint=self.endpoint, at=name, error=error)
        if len(self.known) == MOST:
            log.warning("further trouble is not told", endpoint=self.endpoint, names=MOST)

    def end(self, name: str) -> None:
        """Log that what had begun is over. Cheap where nothing had."""
        if self.known and self.known.pop(name, None) is not None:
            log.info("trouble is over", endpoint=self.endpoint, at=name)
