"""Files that are there whole or not at all, for their owner alone."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Put a file in the place of the former one; a power cut leaves one or the other.

    OSError where that cannot be; the former one stands then.
    """
    number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    half = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(number)
        half.chmod(mode)
        half.replace(path)
    except BaseException:
        with suppress(OSError):
            half.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # or the name may be lost though the content is not
    finally:
        os.close(folder)
