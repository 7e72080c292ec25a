"""What both PyTorch benchmarks measure, and how: repeated runs, peak memory, time to the first step."""

import argparse
import json
import os
import statistics
import time


def seconds_since_process_start():
    """Seconds from the moment the kernel started this process, interpreter and imports included.

    The kernel counts the start in clock ticks, usually of 10 ms.
    """
    with open("/proc/self/stat") as file:
        # The command's name, in parentheses, may itself contain spaces.
        fields = file.read().rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def peak_mebibytes():
    """The most memory that this process has held at once (`VmHWM`), in MiB."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    raise RuntimeError("/proc/self/status has no VmHWM line")


def measure(step, warmup, repeats):
    """Runs `step` once for the time to the first step, `warmup` times unmeasured, `repeats` times measured."""
    step()
    first = seconds_since_process_start()
    for _ in range(warmup):
        step()
    milliseconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        milliseconds.append((time.perf_counter() - start) * 1000)
    return {
        "median_ms": statistics.median(milliseconds),
        "first_step_s": first,
        "peak_mib": peak_mebibytes(),
        "repeats": repeats,
    }


def parser(description, warmup, repeats):
    """A parser with the options that all of them take."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--warmup", type=int, default=warmup, help="steps that are not measured")
    options.add_argument("--repeats", type=int, default=repeats, help="steps that are")
    return options


def report(name, variant, threads, figures):
    """Prints one configuration as one line of JSON."""
    print(json.dumps({"name": name, "variant": variant, "threads": threads, **figures}), flush=True)
