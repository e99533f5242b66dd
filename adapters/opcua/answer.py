"""What every service call may end in, said in our words."""

from collections.abc import Iterator
from contextlib import contextmanager

from asyncua.ua.uaerrors import BadUserAccessDenied, UaError

from core.errors import Permanent, Retryable


@contextmanager
def answered(address: str, what: str) -> Iterator[None]:
    """Turn what a service call of asyncua ends in into Permanent or Retryable."""
    try:
        yield
    except BadUserAccessDenied as error:
        raise Permanent(f"{address}: {what}: this user may not: {error!r}") from error
    except (OSError, TimeoutError, UaError) as error:
        raise Retryable(f"{address}: {what}: {error!r}") from error
