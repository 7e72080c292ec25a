"""What a finished program has used, as the kernel counts it for this process and no other, and where it worked."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class Use(NamedTuple):
    """Seconds by the clock, seconds of the processor, and the most memory in megabytes, that of this process when it began included."""

    seconds: float
    processor: float
    memory: float


def finished(command, allowed=(0,), watch=None):
    """Runs a program to its end; where it fails, ends this one with what it said.

    allowed: the codes that are no failure.
    watch: called every 2 ms while it runs, with the seconds of the processor that it has used.
    """
    with tempfile.TemporaryFile("w+") as words:
        started = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdout=words, stderr=words)
        # Linux's clock of all threads of a process, those that have ended included: clock_getcpuclockid(3).
        clock = ~process.pid << 3 | 2
        done = 0
        while watch and not done:
            # It is there until it is waited for, so that its clock can be read.
            watch(time.clock_gettime(clock))
            time.sleep(0.002)
            done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if not done:
            _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in allowed:
            words.seek(0)
            sys.exit(f"{' '.join(map(str, command))} ended with code {process.returncode}:\n{words.read()}")
    return Use(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


@contextlib.contextmanager
def workplace(folder):
    """A folder to work in: the one that is named, which stays, else one that is removed however the work ends.

    After work that came to its end, prints how busy the machine was before and after it.
    """
    load = os.getloadavg()[0]
    place = (folder or Path(tempfile.mkdtemp())).resolve()
    place.mkdir(parents=True, exist_ok=True)
    try:
        yield place
        print(f"\n{os.cpu_count()} cores; load {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end")
    finally:
        if folder is None:
            shutil.rmtree(place)
