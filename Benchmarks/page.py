"""Every comparison with PyTorch, a profile, a large study, large data and data on disk on one page: OUT/benchmark.md, and OUT/benchmark.json with the same tables.

    python page.py --regulus path/to/regulus [--out benchmarks] [--only steps trainings encoders profile study data disk] [--rounds 3] [--trials 10000]

The page is written anew after each part, so that what has been measured is there if a later part fails. In the JSON
each table has its columns' titles and its rows, with the cells as they are printed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from run import HERE, machine, pytorch_version

# Part → its title, the script that measures it, and which of the page's options that takes.
PARTS = {
    "steps": ("The loss of MER and single training steps", "run.py", ["rounds"]),
    "trainings": ("Whole trainings", "run_trainings.py", ["rounds"]),
    "encoders": ("The published encoders at full size", "run_encoders.py", ["rounds"]),
    "profile": ("Where the time of trainings goes", "profile_trainings.py", []),
    "study": ("A study of very many tiny trials", "large_study.py", ["trials"]),
    "data": ("Few rows of vectors and many", "large_data.py", ["rounds", "rows"]),
    "disk": ("Features on disk and in memory", "from_disk.py", ["rounds", "gigabytes"]),
}


def measured(script, names, arguments):
    """What a script prints; its progress goes to the terminal. Ends the program where it fails."""
    command = [sys.executable, str(HERE / script), "--regulus", str(arguments.regulus)]
    for name in names:
        value = getattr(arguments, name)
        if value is not None:
            command += [f"--{name}", *map(str, value if isinstance(value, list) else [value])]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"page.py: {script} ended with code {done.returncode}")
    return done.stdout.strip()


def tables(text):
    """The Markdown tables of a text, each with its columns and rows of cells."""
    found, table = [], None
    for line in text.splitlines():
        if not line.startswith("|"):
            table = None
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if table is None:
            table = {"columns": cells, "rows": []}
            found.append(table)
        elif any(cell.strip("-:") for cell in cells):
            table["rows"].append(cells)
    return found


def write(path, text):
    """Writes a file in one piece: to a temporary name, then renamed."""
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regulus", required=True, type=Path, help="path to the regulus executable, built in release mode")
    parser.add_argument("--out", type=Path, default=Path("benchmarks"), help="the folder of the page")
    parser.add_argument("--only", choices=list(PARTS), nargs="+", default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trials", type=int, help="of the large study; its own default otherwise")
    parser.add_argument("--rows", type=int, nargs="+", help="of the data, few and many; their own default otherwise")
    parser.add_argument("--gigabytes", type=float, default=4, help="of the features on disk")
    arguments = parser.parse_args()
    if arguments.rounds < 1:
        parser.error("rounds start at 1")
    arguments.out.mkdir(parents=True, exist_ok=True)

    compared = {"steps", "trainings", "encoders"} & set(arguments.only)
    facts = {
        "date": date.today().isoformat(), "machine": machine(), "load": round(os.getloadavg()[0], 2),
        "pytorch": pytorch_version() if compared else None,
    }
    page = [
        "# Regulus beside PyTorch, and at scale", "",
        f"{facts['date']}, {facts['machine']}; load at the start {facts['load']:.2f}; PyTorch {facts['pytorch'] or 'not asked for'}; "
        f"{arguments.rounds} rounds, alternating.",
        "A ratio to PyTorch above 1 says that Regulus is faster.",
    ]
    document = {**facts, "rounds": arguments.rounds, "parts": {}}
    for part in arguments.only:
        title, script, names = PARTS[part]
        missing = part == "profile" and not shutil.which("perf")
        text = "Not measured: `perf` is not installed." if missing else measured(script, names, arguments)
        page += ["", f"## {title}", "", text]
        document["parts"][part] = {"title": title, "tables": tables(text)}
        write(arguments.out / "benchmark.md", "\n".join(page) + "\n")
        write(arguments.out / "benchmark.json", json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    print(arguments.out / "benchmark.md")


if __name__ == "__main__":
    main()
