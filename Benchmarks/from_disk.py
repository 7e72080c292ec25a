"""Training from features on disk, side by side with training from features that are held in memory.

    python from_disk.py --regulus path/to/regulus [--gigabytes 12 50] [--rounds 3] [--folder FOLDER] [--windows]

For each size writes a safetensors file of it, and one of 0.5 GB, which Regulus holds in memory (needs NumPy; in FOLDER they stay for the next time, else each
is removed before the next is written). Then the same steps are trained from each in turn, on one computing thread: first from the large file with as much of
it out of the system's memory as the system lets go of, then, after reading it once, for each round from both. A file that is larger than the
memory is never in it as a whole: its rounds are trained while rows come from the disk.

The table has samples per second as the trial counts them, and the ratio within each round. Memory is the most that the process had: of its own, which the
system cannot take back (RssAnon), and in all, pages of mapped files included (VmHWM). What the disk gives is read before, in order and in pieces as long as a sample's
longest array, one and 144 at a time.

--windows compares recordings that are cut into windows where they are read with the same windows written as rows, both on disk.
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
from typing import NamedTuple

from arrays_file import head
from processes import workplace

WIDTHS = {"video": 2304, "audio": 512, "flow": 2048}
SAMPLE = 4 * sum(WIDTHS.values())
HELD = 28_000
# A recording: steps and channels, and what it is cut into.
STEPS, CHANNELS, WINDOW = 1024, 64, 64
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


def write_windows(folder, rows):
    """The same numbers as recordings, and as the windows that these are cut into; a split that leaves few for evaluation."""
    import numpy as np

    shapes = {"recordings": (rows, STEPS, CHANNELS), "windows": (rows * STEPS // WINDOW, WINDOW, CHANNELS)}
    noise = np.random.default_rng(0).normal(size=(1 << 25) + STEPS * CHANNELS).astype("f4")
    for name, shape in shapes.items():
        path = folder / f"{name}-{rows}.safetensors"
        if path.exists():
            continue
        # What holds for a recording holds for each of its windows.
        recording = np.repeat(np.arange(rows), shape[0] // rows).astype("i4")
        split = np.where(recording % 64 == 0, 2, np.where(recording % 64 == 1, 1, 0)).astype("i4")
        kinds = {"signal": ("F32", shape), **{key: ("I32", shape[:1]) for key in ("labels", "domains", "split")}}
        temporary = path.with_suffix(".writing")
        with open(temporary, "wb") as file:
            file.write(head(kinds))
            for row in range(rows):
                start = row * 7919 % (1 << 25)
                file.write((noise[start : start + STEPS * CHANNELS] + np.float32(row % 8)).tobytes())
            for array in (recording % 8, recording // 8 % 3, split):
                file.write(array.astype("i4").tobytes())
        temporary.rename(path)
    return [folder / f"{name}-{rows}.safetensors" for name in shapes]


def let_go(path):
    """Takes a file out of the system's memory."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def disk(path):
    """Megabytes per second of a file that is out of memory: in order, and in random pieces of a sample's longest array, one and many at a time."""
    piece = 4 * WIDTHS["video"]
    rates = []
    with open(path, "rb") as file:
        number, size = file.fileno(), os.fstat(file.fileno()).st_size
        let_go(path)
        start, count = time.perf_counter(), 0
        while count < min(size // 4, 1 << 30):
            count += len(file.read(1 << 22))
        rates.append(count / (time.perf_counter() - start) / 1e6)
        for together in (1, 144):
            let_go(path)
            start = time.perf_counter()
            for _ in range(4000 // together):
                places = [random.randrange(size - piece) for _ in range(together)]
                if together > 1:
                    for place in places:
                        os.posix_fadvise(number, place, piece, os.POSIX_FADV_WILLNEED)
                for place in places:
                    os.pread(number, piece, place)
            rates.append(4000 // together * together * piece / (time.perf_counter() - start) / 1e6)
    return rates


def memory(process):
    """Megabytes of the process's own memory now, and the most that it has had in all."""
    found = [0, 0]
    try:
        for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
            for place, name in enumerate(("RssAnon:", "VmHWM:")):
                if line.startswith(name):
                    found[place] = int(line.split()[1]) / 1024
    except OSError:
        pass
    return found


class Trained(NamedTuple):
    """Samples per second, and the most memory in megabytes: the process's own, and all that it had."""

    rate: float
    own: float
    all: float

    def __str__(self):
        return f"{self.rate:.0f} | {self.own:.0f} | {self.all:.0f}"


def train(regulus, steps, data, model):
    """One training of so many steps."""
    folder = Path(tempfile.mkdtemp())
    study = {
        "name": "from-disk", "data": {"use": "arrays", "split": "split", "standardize": "none", **data}, "model": model,
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
        largest = [0, 0]
        while process.poll() is None:
            largest = [max(pair) for pair in zip(largest, memory(process))]
            time.sleep(0.05)
    if process.returncode:
        sys.exit(f"from_disk.py: regulus ended with code {process.returncode}:\n{(folder / 'words').read_text()}")
    result = json.loads(next((folder / "run" / "trials").rglob("result.json")).read_text())
    shutil.rmtree(folder)
    return Trained(steps * BATCH / result["seconds"], *largest)


def features(options, path):
    """A training from a file of features."""
    model = {"encoder": "features", "fusion": {"use": "late", "hidden": 128, "dropout": 0.5}}
    return train(options.regulus, options.steps, {"path": str(path), "modalities": list(WIDTHS)}, model)


def windows(options, path, cut):
    """A training from recordings, cut into windows, or from windows."""
    data = {"path": str(path), "modalities": ["signal"], **({"window": WINDOW} if cut else {})}
    model = {"encoder": "features", "fusion": {"use": "late", "hidden": 128, "dropout": 0.5}}
    return train(options.regulus, options.steps, data, model)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--regulus", required=True)
    parser.add_argument("--folder", type=Path, help="where the files are written, or lie already; else they are removed")
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[20])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--windows", action="store_true", help="compare windows of recordings with windows as rows")
    options = parser.parse_args()
    with workplace(options.folder) as folder:
        for size in options.gigabytes:
            (compare_windows if options.windows else compare)(options, folder, size)
            if not options.folder:
                for path in folder.glob("*-*.safetensors"):
                    path.unlink()
    return 0


def rounds(options, one, other):
    """Trains both in turns and prints a row for each round, then the ratios."""
    ratios = []
    for number in range(1, options.rounds + 1):
        pair = [train() for train in ((one, other) if number % 2 else (other, one))]
        first, second = pair if number % 2 else reversed(pair)
        ratios.append(first.rate / second.rate)
        print(f"| {number} | {first} | {second} | {ratios[-1]:.2f} |", flush=True)
    print(f"\nmedian {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})\n")


def read_once(path):
    """Has the system keep as much of a file as it can."""
    with open(path, "rb") as file:
        while file.read(1 << 22):
            pass


def compare(options, folder, gigabytes):
    """Prints what the disk gives, and the table for one size."""
    rows = int(gigabytes * 1e9 / SAMPLE)
    files = {rows: folder / f"features-{rows}.safetensors", HELD: folder / f"features-{HELD}.safetensors"}
    for count, path in files.items():
        if not path.exists():
            write(path, count)
    large, held = files[rows], files[HELD]
    in_order, scattered, together = disk(large)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    print(
        f"{os.path.getsize(large) / 1e9:.1f} GB on disk, {os.path.getsize(held) / 1e9:.1f} GB held, {memory / 1e9:.0f} GB of memory, "
        f"{options.steps * BATCH} samples, one computing thread"
    )
    print(
        f"the disk: {in_order:.0f} MB/s in order, {scattered:.0f} MB/s in pieces of {4 * WIDTHS['video']} bytes, {together:.0f} MB/s in 144 of them at a "
        f"time; a sample has {SAMPLE} bytes\n"
    )
    names = "samples/s | Own memory, MB | In all, MB"
    print(f"| Round | From disk, {names} | Held, {names} | Ratio |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    let_go(large)
    print(f"| cold | {features(options, large)} | | | | |", flush=True)
    read_once(large)
    rounds(options, lambda: features(options, large), lambda: features(options, held))


def compare_windows(options, folder, gigabytes):
    """Prints the table of windows for one size."""
    rows = int(gigabytes * 1e9 / (4 * STEPS * CHANNELS))
    recordings, cut = write_windows(folder, rows)
    for path in (recordings, cut):
        read_once(path)
    print(
        f"{rows} recordings of {STEPS} steps × {CHANNELS}, {os.path.getsize(recordings) / 1e9:.1f} GB on disk, in windows of {WINDOW} steps; "
        f"{options.steps * BATCH} samples, one computing thread\n"
    )
    names = "samples/s | Own memory, MB | In all, MB"
    print(f"| Round | Cut where they are read, {names} | Windows as rows, {names} | Ratio |\n|---|--:|--:|--:|--:|--:|--:|--:|")
    rounds(options, lambda: windows(options, recordings, True), lambda: windows(options, cut, False))


if __name__ == "__main__":
    sys.exit(main())
