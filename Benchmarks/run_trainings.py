"""Whole trainings in Regulus and PyTorch, alternately, as one Markdown table.

    python run_trainings.py --regulus path/to/regulus [--only series] [--threads 1 2] [--rounds 3] [--epochs 10]

A training is everything between data in memory and a saved checkpoint: batching, steps, evaluation after every epoch.
Regulus's time is that of a whole process, `regulus run RECIPE`, from its start to the written report; PyTorch's
(`pytorch_training.py`) begins after its imports. `study` is two trainings on two cores: one run of Regulus with two
workers, and two processes of PyTorch at once. Both sides must take the same number of steps and train as many
parameters, or the program ends. A ratio is taken within a round; the table shows the median over rounds and the range.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run import HERE, markdown, number, print_origin
from trainings import TRAININGS, command, recipe, write_data


def ours(arguments, name, data, threads, seeds, folder):
    """Seconds of a run of one training a seed, with the steps and parameters of each."""
    recipe_file, out = Path(folder) / "recipe.yaml", Path(folder) / f"run-{time.monotonic_ns()}"
    recipe_file.write_text(recipe(name, data, arguments.epochs, seeds))
    words = command(arguments.regulus, recipe_file, out, threads, trials=len(seeds))
    start = time.perf_counter()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    results = [json.loads(path.read_text()) for path in sorted(out.glob("trials/**/result.json"))]
    if done.returncode != 0 or len(results) != len(seeds):
        sys.exit(f"run_trainings.py: {' '.join(words)} ended with code {done.returncode}:\n{done.stderr.strip()}")
    return {"seconds": seconds, "steps": results[0]["steps"], "parameters": results[0]["parameters"]}


def theirs(arguments, name, data, threads, seeds):
    """The same of PyTorch: one process a seed, all at once; the slowest counts."""
    words = [
        sys.executable, str(HERE / "pytorch_training.py"), "--training", name, "--data", str(data),
        "--epochs", str(arguments.epochs), "--threads", str(threads),
    ]
    processes = [
        subprocess.Popen([*words, "--seed", str(seed)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for seed in seeds
    ]
    figures = []
    for process in processes:
        output, errors = process.communicate()
        if process.returncode != 0:
            sys.exit(f"run_trainings.py: {' '.join(words)} ended with code {process.returncode}:\n{errors.strip()}")
        figures.append(json.loads(output))
    return max(figures, key=lambda figure: figure["seconds"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regulus", required=True, help="path to the regulus executable, built in release mode")
    parser.add_argument("--only", choices=list(TRAININGS), nargs="+", default=list(TRAININGS))
    parser.add_argument("--threads", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--without-study", action="store_true", help="leave out two trainings at once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--raw", type=Path, help="also write every pair of figures to this file, as lines of JSON")
    arguments = parser.parse_args()
    if min(arguments.rounds, arguments.epochs, *arguments.threads) < 1:
        parser.error("rounds, epochs and threads start at 1")

    forms = [(str(threads), threads, [1]) for threads in arguments.threads]
    if not arguments.without_study:
        forms.append(("study", 1, [1, 2]))
    load = os.getloadavg()[0]
    rows, lines = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.only:
            data = write_data(name, folder)
            pairs = {form: [] for form, _, _ in forms}
            for round_number in range(1, arguments.rounds + 1):
                for form, threads, seeds in forms:
                    print(f"round {round_number} of {arguments.rounds}: {name}, threads {form}", file=sys.stderr)
                    pair = (
                        ours(arguments, name, data, threads, seeds, folder), theirs(arguments, name, data, threads, seeds)
                    )
                    for key in ("steps", "parameters"):
                        if pair[0][key] != pair[1][key]:
                            sys.exit(f"run_trainings.py: {name} has {pair[0][key]} {key} in Regulus, {pair[1][key]} in PyTorch")
                    pairs[form].append(pair)
                    lines.append({"name": name, "threads": form, "regulus": pair[0], "pytorch": pair[1]})
            for form, _, _ in forms:
                ratios = [theirs["seconds"] / ours["seconds"] for ours, theirs in pairs[form]]
                seconds = [statistics.median(pair[side]["seconds"] for pair in pairs[form]) for side in (0, 1)]
                rows.append([
                    name, form, str(pairs[form][0][0]["steps"]), number(seconds[0]), number(seconds[1]),
                    f"{number(statistics.median(ratios))}×", f"{number(min(ratios))}–{number(max(ratios))}",
                ])
    if arguments.raw:
        arguments.raw.write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    header = ["Training", "Threads", "Steps", "Regulus, s", "PyTorch, s", "PyTorch ÷ Regulus", "Range"]
    print(markdown(header, rows, left=(0,)))
    print()
    print(f"Seconds of {arguments.epochs} epochs; of Regulus the whole process, of PyTorch without its imports. study: two trainings on two cores.")
    print_origin(arguments.rounds, load)


if __name__ == "__main__":
    main()
