"""A training from few rows of vectors beside the same training from a hundred times as many.

    python large_data.py --regulus path/to/regulus [--rows 10000 1000000] [--rounds 3] [--folder FOLDER]

Writes a safetensors file for each number of rows (needs NumPy; in FOLDER they stay for the next time). The rows that are held back and those
of the target are as many in all of them, so that just the rows to train on differ. Each training runs twice, for few steps and for many, one
after the other on one thread: what the many take beyond the few, divided by the samples of these steps, is the cost of a sample; what then
remains of the few is the start. Both are seconds of the processor, which do not grow because another program is running; the table has the
median over the rounds. Memory is the largest that the process held: what it holds of the data is in it.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import statistics
import struct
import sys
import tempfile
from pathlib import Path

from processes import finished

WIDTHS = {"video": 128, "audio": 64}
HELD_BACK, TARGET = 500, 1000
BATCH = 64


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
    header, offset = {}, 0
    for key, array in arrays.items():
        kind = "F32" if key in WIDTHS else "I32"
        header[key] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path.with_suffix(".writing"), "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(array.tobytes())
    path.with_suffix(".writing").rename(path)


def train(regulus, path, steps):
    """Seconds of the processor and the most memory, in megabytes, of one training."""
    folder = Path(tempfile.mkdtemp())
    study = {
        "name": "large-data",
        "data": {"use": "arrays", "path": str(path), "modalities": list(WIDTHS), "split": "split"},
        "model": {"encoder": {"use": "vector-mlp", "hidden": [64], "embedding": 32}, "fusion": {"use": "late", "hidden": 32}},
        "training": {
            "steps": steps, "check-every": 250, "batch": BATCH, "batching": "shuffled", "optimizer": {"use": "adam", "learning-rate": 0.001},
        },
        "evaluation": {"domains": ["2"], "selection": "last-epoch"}, "seeds": [1], "rows": ["Fusion"],
    }
    (folder / "recipe.yaml").write_text(json.dumps(study))
    done = finished([regulus, "run", folder / "recipe.yaml", "--out", folder / "run", "--threads", "1"])
    shutil.rmtree(folder)
    return done.processor, done.memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--regulus", required=True)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, nargs=2, default=[1000, 16_000], help="of the short training and of the long one; multiples of 250")
    parser.add_argument("--folder", type=Path, help="where the files are written, or lie already; else they are removed at the end")
    options = parser.parse_args()
    if min(options.rows) < 3 * (HELD_BACK + TARGET) or options.rounds < 1:
        parser.error(f"at least {3 * (HELD_BACK + TARGET)} rows and one round are needed")
    folder = options.folder or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    files = {rows: folder.resolve() / f"vectors-{rows}.safetensors" for rows in options.rows}
    for rows, path in files.items():
        if not path.exists():
            # In a process of its own: the memory of one that has held the arrays would be counted to the programs that it starts.
            writer = multiprocessing.Process(target=write, args=(path, rows))
            writer.start()
            writer.join()
            if writer.exitcode:
                sys.exit(f"large_data.py: {path} cannot be written")
    few, many = sorted(options.steps)
    starts, costs, memories = ({rows: [] for rows in files} for _ in range(3))
    load = os.getloadavg()[0]
    for number in range(options.rounds):
        for rows in sorted(files, reverse=bool(number % 2)):
            (short, _), (long, memory) = (train(options.regulus, files[rows], steps) for steps in (few, many))
            costs[rows].append((long - short) / (many - few) / BATCH)
            starts[rows].append(short - few * BATCH * costs[rows][-1])
            memories[rows].append(memory)
    print("| Rows | Data, MB | Start, CPU s | A sample, CPU µs | of the first (range) | Steps a CPU second | Memory, MB |\n|--:|--:|--:|--:|--:|--:|--:|")
    for rows, path in files.items():
        cost = statistics.median(costs[rows])
        ratios = [own / first for own, first in zip(costs[rows], costs[options.rows[0]])]
        print(
            f"| {rows} | {os.path.getsize(path) / 1e6:.0f} | {statistics.median(starts[rows]):.2f} | {1e6 * cost:.2f} "
            f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}) | {1 / (BATCH * cost):.0f} | {max(memories[rows]):.0f} |")
    print(f"\n{options.rounds} rounds, one thread; load {load:.1f} at the start, {os.getloadavg()[0]:.1f} at the end")
    if options.folder is None:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
