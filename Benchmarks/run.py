"""Runs Regulus and PyTorch alternately and prints the ratios as one Markdown table.

    python run.py --regulus path/to/regulus [--threads 1 2] [--rounds 3] [--only step] [--without-compile]

One round runs every configuration of both sides once, each in a process of its own: Regulus, PyTorch, Regulus,
PyTorch, … so that whatever else the machine does falls on both. A ratio is taken within a round; the table shows the
median over rounds and the range. Nothing is asserted.

Regulus is asked by `regulus bench mer --features D|step --only NAME --threads N --json`, for one benchmark a process, so
that the first step is the process's first. It prints one JSON object:
    {"name": "step", "threads": 2, "median_ms": …, "peak_mib": …, "first_step_s": …}
with the names mer-48x2304, mer-48x512, step and step-mer, and optionally "parameters".
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Benchmark of Regulus → pairs of its options and the PyTorch configuration that it is compared with.
CONFIGURATIONS = {
    "mer": [
        (["--features", width], ["pytorch_mer.py", "--form", form, "--width", width])
        for width in ("2304", "512")
        for form in ("paper", "gram")
    ],
    "step": [
        (["--only", name], ["pytorch_step.py", "--variant", variant, *flags])
        for name, flags in (("step", []), ("step-mer", ["--mer"]))
        for variant in ("eager", "eager-fused", "compile")
    ],
}

# What the table shows of each side.
SHOWN = ("median_ms", "peak_mib", "first_step_s")


def run(command):
    """Runs a command and returns the JSON objects that it prints, or ends the program with what went wrong."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        sys.exit(f"run.py: cannot start {command[0]}: {error.strerror}")
    if done.returncode != 0:
        sys.exit(f"run.py: {' '.join(command)} ended with code {done.returncode}:\n{done.stderr.strip()}")
    try:
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    except json.JSONDecodeError:
        sys.exit(f"run.py: {' '.join(command)} printed something other than JSON lines:\n{done.stdout.strip()}")


def measure(arguments):
    """Pairs of figures: (name, threads, variant) → [(of Regulus, of PyTorch), one a round]."""
    pairs = {}
    for round_number in range(1, arguments.rounds + 1):
        for threads in arguments.threads:
            for benchmark in arguments.only:
                print(f"round {round_number} of {arguments.rounds}: {benchmark}, threads {threads}", file=sys.stderr)
                for own, (script, *options) in CONFIGURATIONS[benchmark]:
                    if arguments.without_compile and "compile" in options:
                        continue
                    command = [arguments.regulus, "bench", benchmark, *own, "--threads", str(threads), "--json"]
                    ours = {figures["name"]: figures for figures in run(command)}
                    (theirs,) = run([sys.executable, str(HERE / script), "--threads", str(threads), *options])
                    name = theirs["name"]
                    if name not in ours:
                        sys.exit(f"run.py: {' '.join(command)} printed no figures named {name}, only {', '.join(ours)}")
                    check_same_model(name, ours[name], theirs)
                    pairs.setdefault((name, threads, theirs["variant"]), []).append((ours[name], theirs))
    return pairs


def check_same_model(name, ours, theirs):
    """Ends the program when both sides tell their number of parameters and the two differ."""
    if "parameters" in ours and "parameters" in theirs and ours["parameters"] != theirs["parameters"]:
        sys.exit(
            f"run.py: {name} compares different models: "
            f"{ours['parameters']} parameters in Regulus, {theirs['parameters']} in PyTorch"
        )


def number(value):
    """Three significant digits, without an exponent."""
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(pairs):
    """The Markdown table of all pairs."""
    header = [
        "Benchmark", "Threads", "PyTorch's form", "Regulus, ms", "PyTorch, ms", "PyTorch ÷ Regulus", "Range",
        "Peak, MiB", "First step, s",
    ]
    rows = []
    for (name, threads, variant), rounds in sorted(pairs.items()):
        ratios = [theirs["median_ms"] / ours["median_ms"] for ours, theirs in rounds]
        ours, theirs = (
            {key: statistics.median(pair[side][key] for pair in rounds) for key in SHOWN}
            for side in (0, 1)
        )
        rows.append([
            name, str(threads), variant, number(ours["median_ms"]), number(theirs["median_ms"]),
            f"{number(statistics.median(ratios))}×", f"{number(min(ratios))}–{number(max(ratios))}",
            f"{number(ours['peak_mib'])} / {number(theirs['peak_mib'])}",
            f"{number(ours['first_step_s'])} / {number(theirs['first_step_s'])}",
        ])
    return markdown(header, rows, left=(0, 2))


def markdown(header, rows, left):
    """A Markdown table, the columns numbered in `left` aligned to the left."""
    widths = [max(len(line[column]) for line in [header, *rows]) for column in range(len(header))]

    def line(cells):
        padded = (
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths))
        )
        return f"| {' | '.join(padded)} |"

    rule = ["-" * width if column in left else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    return "\n".join([line(header), line(rule), *map(line, rows)])


def machine():
    """Processor, number of cores, operating system."""
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    except OSError:
        pass
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.release()}"


def pytorch_version():
    done = subprocess.run(
        [sys.executable, "-c", "import torch; print(torch.__version__)"], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def print_origin(rounds, load, more=""):
    """What the figures above were taken with; load: at the start."""
    print(f"Rounds: {rounds}, alternating. PyTorch {pytorch_version()}.{more}")
    print(f"Machine: {machine()}; load at the start {load:.2f}.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regulus", required=True, help="path to the regulus executable, built in release mode")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=list(CONFIGURATIONS), nargs="+", default=list(CONFIGURATIONS))
    parser.add_argument(
        "--without-compile", action="store_true", help="leave torch.compile out, which takes the longest"
    )
    parser.add_argument("--raw", type=Path, help="also write every pair of figures to this file, as lines of JSON")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or min(arguments.threads) < 1:
        parser.error("rounds and threads start at 1")

    load = os.getloadavg()[0]
    if load > 0.5:
        print(f"run.py: the machine is busy (load {load:.1f}); figures on 2 threads suffer most", file=sys.stderr)
    pairs = measure(arguments)
    if arguments.raw:
        lines = (
            json.dumps({"variant": variant, "regulus": ours, "pytorch": theirs})
            for (_, _, variant), rounds in pairs.items()
            for ours, theirs in rounds
        )
        arguments.raw.write_text("".join(f"{line}\n" for line in lines))

    print(table(pairs))
    print()
    print("Medians of repeated steps; memory and time to the first step are of the whole process, Regulus / PyTorch.")
    print_origin(arguments.rounds, load)


if __name__ == "__main__":
    main()
