"""Training from features on disk, side by side with training from features that are held in memory.

    python from_disk.py --regulus path/to/regulus [--gigabytes 20] [--rounds 3] [--folder FOLDER]

Writes two safetensors files of the same kind, one of the size that is asked for and one of 0.2 GB, which Regulus holds in memory
(needs NumPy; in FOLDER they stay for the next time). Then the same steps are trained from each in turn, on one thread: first from the
large file with as much of it out of the system's memory as the system lets go of, then, after reading it once, for each round from
both. The table has samples per second as the trial counts them, memory of the process's own (RssAnon, which the system cannot take back), and the ratio
within each round. What the disk gives is read before, in order and in pieces as long as a sample.
"""

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from arrays_file import head
from processes import workplace

WIDTHS = {"video": 2304, "audio": 512, "flow": 2048}
SAMPLE = 4 * sum(WIDTHS.values())
HELD = 12_000
BATCH = 48


def write(path, rows):
    """One array for each modality, and labels, domains and a split that leaves few rows for evaluation. Written piece by piece."""
    import numpy as np

    shapes = {name: ("F32", (rows, width)) for name, width in WIDTHS.items()}
    shapes |= {name: ("I32", (rows,)) for name in ("labels", "domains", "split")}
    random = np.random.default_rng(0)
    labels = (np.arange(rows) % 8).astype("i4")
    split = np.zeros(rows, "i4")
    split[random.permutation(rows)[:1500]] = 2
    split[random.permutation(rows)[:600]] = 1
    temporary = path.with_suffix(".writing")
    with open(temporary, "wb") as file:
        file.write(head(shapes))
        for width in WIDTHS.values():
            noise = random.normal(size=(1 << 15, width)).astype("f4")
            centers = random.normal(size=(8, width)).astype("f4")
            for start in range(0, rows, 1 << 14):
                count = min(1 << 14, rows - start)
                first = int(random.integers(0, (1 << 15) - count))
                file.write((noise[first : first + count] + 0.1 * centers[labels[start : start + count]]).tobytes())
        for array in (labels, (np.arange(rows) // 8 % 3).astype("i4"), split):
            file.write(array.tobytes())
    temporary.rename(path)


def disk(path):
    """Megabytes per second in order, and in random pieces of a sample's longest array, of a file that is out of memory."""
    rates = []
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        start, count = time.perf_counter(), 0
        while count < min(size // 4, 1 << 30):
            count += len(file.read(1 << 22))
        rates.append(count / (time.perf_counter() - start) / 1e6)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_RANDOM)
        start, piece = time.perf_counter(), 4 * WIDTHS["video"]
        for _ in range(3000):
            os.pread(file.fileno(), piece, random.randrange(size - piece))
        rates.append(3000 * piece / (time.perf_counter() - start) / 1e6)
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_NORMAL)
    return rates


def memory(process):
    """Megabytes of the process's own memory now."""
    try:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0


def train(regulus, path, steps):
    """Samples per second of one training, and the largest memory of its own in megabytes."""
    folder = Path(tempfile.mkdtemp())
    study = {
        "name": "from-disk",
        "data": {"use": "arrays", "path": str(path), "modalities": list(WIDTHS), "split": "split", "standardize": "none"},
        "model": {"encoder": "features", "fusion": {"use": "late", "hidden": 128, "dropout": 0.5}},
        "training": {
            "steps": steps, "check-every": steps // 2, "batch": BATCH, "batching": "shuffled",
            "optimizer": {"use": "adam", "learning-rate": 0.001},
        },
        "evaluation": {"domains": ["2"], "selection": "last-epoch"}, "seeds": [1], "rows": ["Fusion"],
    }
    (folder / "recipe.yaml").write_text(json.dumps(study))
    with open(folder / "words", "w") as words:
        process = subprocess.Popen(
            [regulus, "run", folder / "recipe.yaml", "--out", folder / "run", "--threads", "1"], stdout=words, stderr=words)
        largest = 0
        while process.poll() is None:
            largest = max(largest, memory(process))
            time.sleep(0.05)
    if process.returncode:
        sys.exit(f"from_disk.py: regulus ended with code {process.returncode}:\n{(folder / 'words').read_text()}")
    result = json.loads(next((folder / "run" / "trials").rglob("result.json")).read_text())
    shutil.rmtree(folder)
    return steps * BATCH / result["seconds"], largest


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--regulus", required=True)
    parser.add_argument("--folder", type=Path, help="where the files are written, or lie already; else they are removed at the end")
    parser.add_argument("--gigabytes", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2000)
    options = parser.parse_args()
    with workplace(options.folder) as folder:
        compare(options, folder)
    return 0


def compare(options, folder):
    """Prints what the disk gives, and the table."""
    rows = int(options.gigabytes * 1e9 / SAMPLE)
    files = {rows: folder / f"features-{rows}.safetensors", HELD: folder / f"features-{HELD}.safetensors"}
    for count, path in files.items():
        if not path.exists():
            write(path, count)
    large, held = files[rows], files[HELD]
    in_order, scattered = disk(large)
    print(f"{os.path.getsize(large) / 1e9:.1f} GB on disk, {os.path.getsize(held) / 1e9:.1f} GB held, one thread")
    print(f"the disk: {in_order:.0f} MB/s in order, {scattered:.0f} MB/s in pieces of {4 * WIDTHS['video']} bytes; a sample has {SAMPLE} bytes\n")
    print("| Round | From disk, samples/s | Own memory, MB | Held, samples/s | Own memory, MB | Ratio |\n|---|--:|--:|--:|--:|--:|")
    rate, own = train(options.regulus, large, options.steps)
    print(f"| cold | {rate:.0f} | {own:.0f} | | | |", flush=True)
    # Once warm: as much of the file as the system can keep.
    with open(large, "rb") as file:
        while file.read(1 << 22):
            pass
    ratios = []
    for number in range(1, options.rounds + 1):
        pair = [train(options.regulus, path, options.steps) for path in ((large, held) if number % 2 else (held, large))]
        (rate, own), (other, theirs) = pair if number % 2 else reversed(pair)
        ratios.append(rate / other)
        print(f"| {number} | {rate:.0f} | {own:.0f} | {other:.0f} | {theirs:.0f} | {rate / other:.2f} |", flush=True)
    print(f"\nmedian {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})")


if __name__ == "__main__":
    sys.exit(main())
