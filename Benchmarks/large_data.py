"""A training from few rows of vectors beside the same training from a hundred times as many.

    python large_data.py --regulus path/to/regulus [--rows 10000 1000000] [--rounds 5] [--hidden 64] [--folder FOLDER]

Writes a safetensors file for each number of rows (needs NumPy; in FOLDER they stay for the next time). The rows that are held back and those
of the target are as many in all of them, so that just the rows to train on differ, and the trainings take equally many steps, in turns, on
one thread. What a sample costs is taken within a training: each time when it tells that a few hundred steps are done, the seconds of the
processor that it has used are read, and what lies between the first and the last of these readings is divided by the samples between them. So
neither starting nor reading the data counts, nor the checkpoint; the order in which a further pass goes through all rows does. What remains of
all seconds without the samples is the start. Memory is the largest that the process held: what it holds of the data is in it.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import shutil
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

from arrays_file import head
from processes import finished, workplace

WIDTHS = {"video": 128, "audio": 64}
# Few, so that evaluation, which is the same for all, does not hide what differs.
HELD_BACK, TARGET = 100, 200
BATCH, BETWEEN = 64, 500


class Cost(NamedTuple):
    """Seconds of the processor without the samples and for a sample, and the most memory in megabytes."""

    start: float
    sample: float
    memory: float


def write(path, rows):
    """Vectors of two modalities, labels, domains and a split, in one safetensors file."""
    import numpy as np

    random = np.random.default_rng(0)
    labels = random.integers(0, 8, rows, dtype="i4")
    domains = np.arange(rows, dtype="i4") % 3
    split = np.zeros(rows, "i4")
    places = random.permutation(rows)
    split[places[domains[places] != 2][:HELD_BACK]] = 1
    split[places[domains[places] == 2][:TARGET]] = 2
    arrays = {"labels": labels, "domains": domains, "split": split}
    for name, width in WIDTHS.items():
        centers = random.normal(size=(8, width)).astype("f4")
        arrays[name] = random.standard_normal((rows, width), dtype="f4") + 0.3 * centers[labels]
    with open(path.with_suffix(".writing"), "wb") as file:
        file.write(head({name: ("F32" if name in WIDTHS else "I32", array.shape) for name, array in arrays.items()}))
        for array in arrays.values():
            file.write(array.tobytes())
    path.with_suffix(".writing").rename(path)


def train(regulus, data, steps, hidden, folder):
    """What one training costs."""
    study = {
        "name": "large-data",
        "data": {"use": "arrays", "path": str(data), "modalities": list(WIDTHS), "split": "split"},
        "model": {"encoder": {"use": "vector-mlp", "hidden": [hidden], "embedding": 32}, "fusion": {"use": "late", "hidden": 32}},
        "training": {
            "steps": steps, "check-every": BETWEEN, "batch": BATCH, "batching": "shuffled",
            "optimizer": {"use": "adam", "learning-rate": 0.001},
        },
        "evaluation": {"domains": ["2"], "selection": "last-epoch"}, "seeds": [1], "rows": ["Fusion"],
    }
    recipe, run = folder / "recipe.yaml", folder / "run"
    recipe.write_text(json.dumps(study))
    # Checks that the training has told of → seconds of the processor by then.
    readings = {}

    def watch(seconds):
        for told in run.glob("trials/*/*/*/progress.jsonl"):
            with contextlib.suppress(FileNotFoundError):
                # The first line is about the training.
                readings.setdefault(told.read_bytes().count(b"\n") - 1, seconds)

    used = finished([regulus, "run", recipe, "--out", run, "--threads", "1"], watch=watch)
    shutil.rmtree(run)
    checks = sorted(count for count in readings if count > 0)
    if len(checks) < 2:
        sys.exit("large_data.py: the training is too short for two readings; more --steps are needed")
    first, last = checks[0], checks[-1]
    sample = (readings[last] - readings[first]) / ((last - first) * BETWEEN * BATCH)
    return Cost(used.processor - steps * BATCH * sample, sample, used.memory)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--regulus", required=True)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=12_000, help=f"of each training, a multiple of {BETWEEN}")
    parser.add_argument("--hidden", type=int, default=64, help="width of the hidden layer of each modality's encoder")
    parser.add_argument("--folder", type=Path, help="where the files are written, or lie already; else they are removed at the end")
    options = parser.parse_args()
    if min(options.rows) < 3 * (HELD_BACK + TARGET) or options.rounds < 1:
        parser.error(f"at least {3 * (HELD_BACK + TARGET)} rows and one round are needed")
    if options.steps % BETWEEN or options.steps < 3 * BETWEEN:
        parser.error(f"the steps are a multiple of {BETWEEN}, and at least {3 * BETWEEN}")
    with workplace(options.folder) as folder:
        compare(options.regulus, options.rows, options.rounds, options.steps, options.hidden, folder)
    return 0


def compare(regulus, counts, rounds, steps, hidden, folder):
    """Prints what a training from each number of rows costs, and how that compares with the first."""
    files = {rows: folder / f"vectors-{rows}.safetensors" for rows in counts}
    for rows, path in files.items():
        if not path.exists():
            # In a process of its own: the memory of one that has held the arrays would be counted to the programs that it starts.
            writer = multiprocessing.Process(target=write, args=(path, rows))
            writer.start()
            writer.join()
            if writer.exitcode:
                sys.exit(f"large_data.py: {path} cannot be written")
    costs = {rows: [] for rows in counts}
    for number in range(rounds):
        for rows in counts[::-1] if number % 2 else counts:
            costs[rows].append(train(regulus, files[rows], steps, hidden, folder))
    print("| Rows | Data, MB | Start, CPU s | A sample, CPU µs | of the first (range) | Steps a CPU second | Memory, MB |\n|--:|--:|--:|--:|--:|--:|--:|")
    for rows, path in files.items():
        start, sample = (statistics.median(getattr(cost, name) for cost in costs[rows]) for name in ("start", "sample"))
        ratios = [own.sample / first.sample for own, first in zip(costs[rows], costs[counts[0]])]
        print(
            f"| {rows} | {os.path.getsize(path) / 1e6:.0f} | {start:.2f} | {1e6 * sample:.2f} "
            f"| {statistics.median(ratios):.3f} ({min(ratios):.3f}–{max(ratios):.3f}) | {1 / (BATCH * sample):.0f} "
            f"| {max(cost.memory for cost in costs[rows]):.0f} |")
    print(f"\n{rounds} rounds of {steps} steps, one thread; a hidden layer of {hidden} for each modality")


if __name__ == "__main__":
    sys.exit(main())
