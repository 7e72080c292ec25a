"""Where the time of whole trainings goes in Regulus, according to `perf`, as one Markdown table.

    python profile_trainings.py --regulus path/to/regulus [--only series] [--epochs 10] [--later 60]

The trainings are those of `run_trainings.py`, on one thread and one core. Each is profiled twice: as a whole, from the start of the program to
its written report, and in a longer one after its first 0.3 s, where it does the same things over and over. The columns add up to all time:
loops and kernels of four kinds, and everything else, which is the sum of the last four columns. Needs `perf` (Debian: linux-perf, Ubuntu:
linux-tools-generic) and the right to use it (`sysctl kernel.perf_event_paranoid`).
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from run import markdown, print_origin
from trainings import TRAININGS, command, recipe, write_data

# Kind of work → the libraries and functions that do it; the first that fits counts. The last four are neither loops nor kernels.
KINDS = {
    "kernel of the system": (r"\[kernel|\[vdso|\[hypervisor", r""),
    "convolutions, products": (r"regulus", r"regulus_(series|narrow|plane|single|frames|products|small_products)"),
    "normalization, pooling": (r"regulus", r"regulus_(channel|halved|maxima)"),
    "other loops": (r"regulus", r"regulus_"),
    "oneDNN, OpenBLAS": (r"\[JIT|perf-|jitted|libopenblas", r""),
    "Swift's runtime": (r"libswift|lib_?Foundation|libdispatch|libBlocks", r""),
    "our other code": (r"regulus", r""),
    "C library and others": (r"", r""),
}
REST = ("our other code", "Swift's runtime", "C library and others", "kernel of the system")
DELAY = 300


def profile(regulus, name, data, epochs, delay, folder):
    """Kind of work → its share in percent."""
    recipe_file, out, samples = (Path(folder) / f"{name}-{epochs}.{end}" for end in ("yaml", "run", "perf"))
    recipe_file.write_text(recipe(name, data, epochs, [1]))
    words = [
        "taskset", "-c", "0", "perf", "record", "-q", "-e", "cpu-clock", "-F", "4000", *(["-D", str(delay)] if delay else []),
        "-o", str(samples), *command(regulus, recipe_file, out),
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"profile_trainings.py: {' '.join(words)} ended with code {done.returncode}:\n{done.stderr.strip()}")
    report = subprocess.run(
        ["perf", "report", "-i", str(samples), "--stdio", "--sort", "dso,symbol", "--percent-limit", "0", "-t", "\t"],
        capture_output=True, text=True, check=True,
    ).stdout
    shares = dict.fromkeys(KINDS, 0.0)
    for line in report.splitlines():
        cells = [cell.strip() for cell in line.split("\t")]
        if line.startswith("#") or len(cells) < 3:
            continue
        library, symbol = cells[1], re.sub(r"^\[.\]\s*", "", cells[2])
        kind = next(kind for kind, (a, b) in KINDS.items() if re.match(a, library) and re.match(b, symbol))
        shares[kind] += float(cells[0].rstrip("%"))
    if not 98 < sum(shares.values()) < 102:
        sys.exit(f"profile_trainings.py: the shares of {name} add up to {sum(shares.values()):.1f} %:\n{report}")
    return shares


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regulus", required=True, help="path to the regulus executable, built in release mode")
    parser.add_argument("--only", choices=list(TRAININGS), nargs="+", default=list(TRAININGS))
    parser.add_argument("--epochs", type=int, default=10, help="of the training that is profiled as a whole")
    parser.add_argument("--later", type=int, default=60, help="epochs of the one that is profiled after its start")
    arguments = parser.parse_args()

    load = os.getloadavg()[0]
    rows = []
    kinds = [kind for kind in KINDS if kind not in REST]
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only:
            data = write_data(name, folder)
            for form, epochs, delay in (("whole", arguments.epochs, 0), ("later", arguments.later, DELAY)):
                print(f"{name}, {form}", file=sys.stderr)
                shares = profile(arguments.regulus, name, data, epochs, delay, folder)
                rest = sum(shares[kind] for kind in REST)
                rows.append([f"{name}, {form}", *(f"{share:.1f} %" for share in [*(shares[kind] for kind in kinds), rest, *(shares[kind] for kind in REST)])])

    print(markdown(["Training", *kinds, "Everything else", *REST], rows, left=(0,)))
    print()
    print(f"Shares of the processor's time on one core; whole: {arguments.epochs} epochs, later: {arguments.later} epochs after their first {DELAY} ms.")
    print_origin(1, load)


if __name__ == "__main__":
    main()
