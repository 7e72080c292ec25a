"""What a study of very many tiny trials takes beside the trainings themselves.

    python large_study.py --regulus path/to/regulus [--trials 10000] [--rows 500] [--folder FOLDER]

The trials are of the bundled co-occurrence world: rows with a penalty of rising weight, two held-out domains, as many seeds as it takes. One
training is so short that nearly everything is what Regulus does around it: planning, files, the report. Where nothing else is said, figures are
seconds of the processor, which do not grow because another program is running.

What a training itself takes is measured beside it: the same study on a tenth of its seeds, with the steps of the trainings and with 100 more, tells
what a step takes, and all of a trial but its steps is called ours. Files are written as ever, each synchronized.
"""

import argparse
import shutil
import sys
from pathlib import Path

from processes import finished, workplace

DOMAINS, STEPS = 2, 8


def recipe(rows, seeds, steps):
    """A study of rows × two domains × seeds trials."""
    text = f"""name: large-study
data: {{use: co-occurrence, classes: 4, samples: 48}}
model:
  encoder: {{use: vector-mlp, hidden: [4], embedding: 4}}
  fusion: {{use: late, hidden: 4}}
training:
  steps: {steps}
  check-every: {steps}
  batch: 16
  optimizer: {{use: adam, learning-rate: 0.01}}
evaluation: {{domains: [d1, d2]}}
seeds: [{", ".join(str(seed) for seed in range(1, seeds + 1))}]
baseline: Fusion
rows:
  - name: Fusion
"""
    for row in range(1, rows):
        text += f"  - name: + Row {row}\n    regularizers:\n      - mer: {{weight: {0.001 * row:.4f}}}\n"
    return text


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--regulus", required=True)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--folder", type=Path, help="where the runs lie; else they are removed at the end")
    options = parser.parse_args()
    seeds = options.trials // (DOMAINS * options.rows)
    if options.rows < 2 or seeds < 2:
        parser.error(f"at least two rows, and {2 * DOMAINS} trials of each")
    with workplace(options.folder) as folder:
        compare(options.regulus, options.rows, seeds, folder)
    return 0


def compare(regulus, rows, seeds, folder):
    """Prints what each command takes on a study of so many rows and seeds, and what of a trial is not training."""
    trials, few = rows * DOMAINS * seeds, max(2, seeds // 10)

    def use(*words, seeds=seeds, steps=STEPS, out="run"):
        path = folder / f"{out}.yaml"
        path.write_text(recipe(rows, seeds, steps))
        places = {"recipe": [path, "--out", folder / out], "folder": [folder / out]}
        return finished([regulus, words[0], *places["recipe" if words[0] in ("check", "run") else "folder"], *words[1:]])

    for out in ("run", "short", "long"):
        shutil.rmtree(folder / out, ignore_errors=True)
    planning = use("check", "--no-estimate")
    estimate = use("check")
    run = use("run")
    report = use("report")
    status = use("status")
    again = use("run")
    short, long = (use("run", seeds=few, steps=steps, out=out) for steps, out in ((STEPS, "short"), (STEPS + 100, "long")))
    training = STEPS * (long.processor - short.processor) / (100 * rows * DOMAINS * few)
    whole = (run.processor - planning.processor - report.processor) / trials
    print(f"| {trials} trials of {rows} rows | CPU s | s | Memory, MB |\n|---|--:|--:|--:|")
    for name, measured in (
        ("planning (`check --no-estimate`)", planning), ("planning and an estimate (`check`)", estimate), ("`run`", run), ("`report`", report),
        ("`status`", status), ("`run` again, nothing left to train", again),
    ):
        print(f"| {name} | {measured.processor:.2f} | {measured.seconds:.2f} | {measured.memory:.0f} |")
    print("\n| A trial | CPU ms |\n|---|--:|")
    print(f"| all of it, without planning and report | {1000 * whole:.2f} |")
    print(f"| its {STEPS} steps | {1000 * training:.2f} |")
    print(f"| ours | {1000 * (whole - training):.2f} |")


if __name__ == "__main__":
    sys.exit(main())
