"""The HTTP server: uvicorn in our own loop, ended by a signal or by a part that broke."""

import asyncio
import gc
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
import uvloop

from core.errors import ConfigError
from gateway.app import create_app
from gateway.settings import Settings

log = structlog.get_logger()

STOP_S = 5  # that a stop may take at most
GRACE_S = 3  # of them for requests and sockets to end
MESSAGE_MAX = 64 * 1024  # bytes of a WebSocket message; a client sends small ones only
OK, BROKE = 0, 1


def serve(settings: Settings, on_ready: Callable[[str], None]) -> int:
    """Run the gateway until SIGINT or SIGTERM. Gives 1 if a part of it broke.

    on_ready: called with the URL once connections are taken.
    """
    with (
        _listening(settings) as listener,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as run,
    ):
        return run.run(_serve(settings, listener, on_ready))


async def _serve(
    settings: Settings, listener: socket.socket, on_ready: Callable[[str], None]
) -> int:
    failed = asyncio.Event()

    def stop() -> None:
        failed.set()
        server.stop()

    app = create_app(settings, on_failure=stop)
    server = _Server(
        uvicorn.Config(
            app,
            lifespan="off",  # we hold it ourselves, so that its errors reach the caller
            ws="websockets-sansio",
            ws_per_message_deflate=False,  # costs more latency than it saves on a city network
            ws_max_size=MESSAGE_MAX,
            proxy_headers=False,  # the application judges them, by its settings
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        ),
        on_ready,
    )
    async with app.router.lifespan_context(app):
        await server.serve([listener])
    return BROKE if failed.is_set() else OK


class _Server(uvicorn.Server):
    """uvicorn that says when it is ready, and does not die of the signal that it has obeyed."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[str], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    def stop(self) -> None:
        """End in order, or at the latest after STOP_S: what is durable is committed already."""
        self.should_exit = True
        asyncio.get_running_loop().call_later(STOP_S, _give_up)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self.stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        gc.collect()
        gc.freeze()  # what is here stays; looking through it costs a tenth of ingest
        host, port = (sockets or [])[0].getsockname()[:2]
        self._on_ready(f"http://{host}:{port}")


def _give_up() -> None:
    log.error("the gateway did not stop in time", seconds=STOP_S)
    os._exit(BROKE)


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise ConfigError(
            f"listen {settings.listen}: {error.strerror}; stop what listens there, "
            f"or choose another address with --listen"
        ) from error
