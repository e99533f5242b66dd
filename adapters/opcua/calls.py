"""What every service call may end in, said in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

from asyncua.ua.uaerrors import UaError

from core.errors import Retryable


@contextmanager
def retryable(address: str, what: str) -> Iterator[None]:
    """Turn whatever a service call of asyncua ends in into Retryable."""
    try:
        yield
    except (OSError, TimeoutError, UaError) as error:
        raise Retryable(f"{address}: {what}: {error!r}") from error
