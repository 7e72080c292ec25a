"""What a finished program has used, as the kernel counts it for this process and no other."""

import os
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple


class Use(NamedTuple):
    """Seconds by the clock, seconds of the processor, and the most memory in megabytes, that of this process when it began included."""

    seconds: float
    processor: float
    memory: float


def finished(command, allowed=(0,)):
    """Runs a program to its end; where it fails, ends this one with what it said.

    allowed: the codes that are no failure.
    """
    with tempfile.TemporaryFile("w+") as words:
        started = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=words, stderr=words)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in allowed:
            words.seek(0)
            sys.exit(f"{' '.join(map(str, command))} ended with code {process.returncode}:\n{words.read()}")
    return Use(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
