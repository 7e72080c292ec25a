"""Trains every task of MMDG-Bench for a moment, on small data in the layouts of its data sets.

    python benchmark_tasks.py --regulus path/to/regulus [--folder FOLDER] [--methods]

Writes the layouts of layouts.py (needs NumPy; in FOLDER they stay for the next time) and runs each recipe of recipes/mmdg-bench that has the row ERM:
its 95 tasks and the models trained on the target, with small encoders, few windows and two epochs or a few steps each. With --methods
the recipes of all methods run as well, with one candidate for each method. Every trial has to end, with a finite score and loss on the rows that are reported and
on those that epochs are chosen by. The table says how many tasks there are, and where their scores lie.
"""

import argparse
import json
import math
import shutil
import sys
from pathlib import Path

from processes import finished, workplace

RECIPES = Path(__file__).resolve().parent.parent / "recipes" / "mmdg-bench"
CLIPS = [
    "data.frames=8", "data.flow-frames=4", "data.short-side=32", "data.crop=32", "data.flow-evaluation-crop=32", "training.epochs=2",
    "training.optimizer.learning-rate=0.003",
    *(f"model.encoders.{name}.{item}" for name, width in (("video", 8), ("audio", 4), ("flow", 4)) for item in (f"width={width}", "blocks=[1, 1, 1, 1]")),
]
SMALL = {
    "hust-motor": [
        "data.window=256", "data.counts=[24, 8, 8]", "training.batch=16", "training.steps=150", "training.check-every=50",
        "training.optimizer.rates.encoders=1",
    ],
    "sentiment": ["training.epochs=1", "model.encoder.layers=1"],
    "epic-kitchens": CLIPS,
    "hac": CLIPS,
}
LAYOUTS = {"hust-motor": "hust", "sentiment": "sentiment", "epic-kitchens": "epic", "hac": "hac"}
# Tasks with several sources, with one, and trained on the target.
TASKS = {"hust-motor": (4, 12, 4), "sentiment": (2, 5, 3), "epic-kitchens": (12, 24, 12), "hac": (12, 24, 12)}
SETTINGS = ["", "-single-source", "-trained-on-target"]


def faults(result):
    """What is not as it has to be in a trial."""
    found = [] if result["status"]["state"] == "finished" else [f"ended as {result['status']}"]
    for epoch in result["epochs"]:
        figures = {name: epoch.get(name) for name in ("trainingLoss", "sourceValidationScore", "sourceValidationLoss", "targetScore")}
        for name, value in figures.items():
            if not isinstance(value, (int, float)) or not math.isfinite(value):
                found.append(f"epoch {epoch['epoch']}: {name} is {value}")
            elif "Score" in name and not 0 <= value <= 1:
                found.append(f"epoch {epoch['epoch']}: {name} {value} is no share")
        found += [f"epoch {epoch['epoch']}: {name} {epoch[name]}" for name in ("sourceValidationNonFinite", "targetNonFinite") if epoch.get(name)]
    return found


def results(options, recipe, data, folder, more=()):
    """The results of all trials of a recipe, and how long they took."""
    run = folder / "runs" / recipe
    shutil.rmtree(run, ignore_errors=True)
    settings = [f"data.root={folder / LAYOUTS[data]}", "seeds=[1]", *SMALL[data], *more]
    use = finished(
        [options.regulus, "run", RECIPES / f"{recipe}.yaml", "--out", run, "--threads", "1", *(word for item in settings for word in ("--set", item))])
    return [json.loads(path.read_text()) for path in sorted((run / "trials").rglob("result.json"))], use.seconds


def tried(options, recipe, data, folder, count, more=()):
    """Runs a recipe, prints its row, and returns what is wrong with it."""
    found, seconds = results(options, recipe, data, folder, more)
    wrong = [f"{recipe}: {result['key']}: {fault}" for result in found for fault in faults(result)]
    if len(found) != count:
        wrong.append(f"{recipe}: {len(found)} results, {count} tasks")
    scores = sorted(result["targetScore"] for result in found if isinstance(result.get("targetScore"), float))
    span = f"{100 * scores[0]:.0f} to {100 * scores[-1]:.0f} %, median {100 * scores[len(scores) // 2]:.0f} %" if scores else "none"
    print(f"| `{recipe}` | {len(found)} | {span} | {len(wrong)} | {seconds:.0f} |", flush=True)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--regulus", required=True)
    parser.add_argument("--folder", type=Path, help="where layouts and runs are written; else they are removed at the end")
    parser.add_argument("--only", choices=sorted(TASKS), help="one of the data sets")
    parser.add_argument("--methods", action="store_true", help="the recipes of all methods as well")
    options = parser.parse_args()
    wrong = []
    with workplace(options.folder) as folder:
        print("| Recipe | Results | Scores on the target | Faults | s |\n|---|--:|---|--:|--:|")
        for data, counts in TASKS.items():
            if options.only not in (None, data):
                continue
            if not (folder / LAYOUTS[data]).exists():
                finished([sys.executable, Path(__file__).with_name("layouts.py"), LAYOUTS[data], "--folder", folder / LAYOUTS[data]])
            for setting, count in zip(SETTINGS, counts):
                wrong += tried(options, data + setting, data, folder, count)
            if options.methods:
                rows = 4 if data == "sentiment" else 9
                for setting, count in zip(SETTINGS[:2], counts):
                    wrong += tried(options, f"{data}{setting}-methods", data, folder, rows * count, ["tuning.budget=1"])
                if data == "sentiment":
                    wrong += tried(options, "sentiment-classes-methods", data, folder, 9 * counts[0], ["tuning.budget=1"])
        print(f"\n{sum(sum(TASKS[data][:2]) for data in TASKS if options.only in (None, data))} tasks")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
