"""Run a program that cannot outlive its parent: `python -m simulators.stage.tied PID COMMAND …`.

The kernel kills it when its parent dies, even by kill -9 (prctl(2), PR_SET_PDEATHSIG). Where there
is no prctl, it just runs.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - no shell, our own command


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
