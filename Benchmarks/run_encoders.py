"""The published encoders in Regulus and PyTorch, alternately, as two Markdown tables.

    python run_encoders.py --regulus path/to/regulus [--only convolutions slowfast-inference] [--threads 1 2] [--rounds 3]

One round runs Regulus, then PyTorch in each of its forms (see pytorch_encoder.py), each in a process of its own. From
the second round on only the form that was fastest in the first runs again, and the table is about that one. Each round
also measures the rate of OpenBLAS's matrix products on the same number of threads; "of sgemm" is the share of that rate at
which Regulus computes the convolutions' multiplications and additions, everything else that it does included in the time.
"""

import argparse
import os
import statistics
import sys
from pathlib import Path

from pytorch_encoder import FORMS
from pytorch_networks import NETWORKS, SlowFast, convolutions, operations
from run import HERE, check_same_model, markdown, number, print_origin, run

# Name → encoder, work, batch, measured repetitions.
ENCODERS = {
    "resnet18-inference": ("resnet18", "inference", 4, 5),
    "resnet18-training": ("resnet18", "training", 4, 5),
    "slowonly-inference": ("slowonly", "inference", 1, 5),
    "slowonly-last-stage": ("slowonly", "last-stage", 8, 2),
    "slowfast-inference": ("slowfast", "inference", 1, 5),
    "slowfast-last-stage": ("slowfast", "last-stage", 8, 1),
    "slowfast-last-stage-over-maps": ("slowfast", "last-stage-over-maps", 8, 3),
}


def forms(work):
    return [form for form in FORMS if work != "training" or not form.startswith("folded")]


def sgemm(threads):
    (figures,) = run([sys.executable, str(HERE / "sgemm.py"), "--threads", str(threads)])
    return figures["gflops"]


def measure_encoder(arguments, name, threads):
    """One row of the table."""
    encoder, work, batch, repeats = ENCODERS[name]
    options = ["--work", work, "--batch", str(batch), "--threads", str(threads), "--repeats", str(repeats), "--warmup", "1"]
    amount = batch * sum(
        operations(key) * products for key, (_, products) in convolutions(NETWORKS[encoder], work).items()) / 1e9
    left, ours, shares = [form for form in forms(work) if form in arguments.forms], [], []
    theirs = {form: [] for form in left}
    for round_number in range(1, arguments.rounds + 1):
        print(f"round {round_number} of {arguments.rounds}: {name}, threads {threads}", file=sys.stderr)
        rate = sgemm(threads)
        (figures,) = run([arguments.regulus, "bench", "encoder", encoder, *options, "--json"])
        ours.append(figures)
        shares.append(amount / (figures["median_ms"] / 1000) / rate)
        for form in left:
            command = [sys.executable, str(HERE / "pytorch_encoder.py"), encoder, *options, "--form", form]
            theirs[form].append(run(command)[0])
            check_same_model(name, figures, theirs[form][-1])
        left = [min(theirs, key=lambda form: theirs[form][0]["median_ms"])]
    (form,) = left
    ratios = [other["median_ms"] / own["median_ms"] for own, other in zip(ours, theirs[form])]

    def median(figures, key):
        return number(statistics.median(each[key] for each in figures))

    return [
        f"{name}, batch {batch}", str(threads), median(ours, "median_ms"), median(theirs[form], "median_ms"), form,
        f"{number(statistics.median(ratios))}×", f"{number(min(ratios))}–{number(max(ratios))}",
        f"{100 * statistics.median(shares):.0f} %", f"{median(ours, 'peak_mib')} / {median(theirs[form], 'peak_mib')}",
    ]


def measure_convolutions(arguments, threads):
    """The rows of the table of convolutions, the costliest first."""
    found = convolutions(SlowFast)
    texts = {":".join("x".join(map(str, part)) for part in key): key for key in found}
    options = ["--threads", str(threads), "--repeats", "3", "--warmup", "1", *texts]
    ours, theirs, rates = {}, {}, []
    for round_number in range(1, arguments.rounds + 1):
        print(f"round {round_number} of {arguments.rounds}: convolutions, threads {threads}", file=sys.stderr)
        rates.append(sgemm(threads))
        for figures in run([arguments.regulus, "bench", "convolution", "--json", *options]):
            ours.setdefault(figures["name"], []).append(figures["median_ms"])
        fastest = {}
        for figures in run([sys.executable, str(HERE / "pytorch_convolutions.py"), *options]):
            name = figures["name"]
            fastest[name] = min(fastest.get(name, float("inf")), figures["median_ms"])
        for name, milliseconds in fastest.items():
            theirs.setdefault(name, []).append(milliseconds)
    rate = statistics.median(rates)
    rows, total = [], {"forward": [0, 0], "backward": [0, 0]}
    for text, key in sorted(texts.items(), key=lambda item: -operations(item[1]) * found[item[1]][0]):
        count = found[key][0]
        cells = [text.replace("x", "×").replace(":", ", "), str(count), str(threads)]
        for direction, products in (("forward", 1), ("backward", 2)):
            own = statistics.median(ours[f"{text}-{direction}"])
            other = statistics.median(theirs[f"{text}-{direction}"])
            share = operations(key) * products / (own / 1000) / 1e9 / rate
            cells += [number(own), number(other), f"{number(other / own)}×", f"{100 * share:.0f} %"]
            total[direction][0] += count * own
            total[direction][1] += count * other
        rows.append(cells)
    amount = sum(operations(key) * count for key, (count, _) in found.items()) / 1e6
    cells = ["all, as often as they occur", str(sum(count for count, _ in found.values())), str(threads)]
    for direction, products in (("forward", 1), ("backward", 2)):
        own, other = total[direction]
        cells += [number(own), number(other), f"{number(other / own)}×", f"{100 * amount * products / own / rate:.0f} %"]
    return [cells, *rows]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regulus", type=Path, required=True, help="path to the regulus executable, built in release mode")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=3)
    names = ["convolutions", *ENCODERS]
    parser.add_argument("--only", choices=names, nargs="+", default=names)
    parser.add_argument("--forms", choices=FORMS, nargs="+", default=list(FORMS), help="PyTorch's forms to try")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or min(arguments.threads) < 1:
        parser.error("rounds and threads start at 1")
    for name in arguments.only:
        if name in ENCODERS and not set(forms(ENCODERS[name][1])) & set(arguments.forms):
            parser.error(f"{name}: none of PyTorch's forms {', '.join(arguments.forms)} fits")
    arguments.regulus = str(arguments.regulus.resolve())
    load = os.getloadavg()[0]

    rows = [measure_encoder(arguments, name, threads)
            for name in arguments.only if name != "convolutions" for threads in arguments.threads]
    if rows:
        header = ["Encoder", "Threads", "Regulus, ms", "PyTorch, ms", "PyTorch's form", "PyTorch ÷ Regulus", "Range",
                  "of sgemm", "Peak, MiB"]
        print(markdown(header, rows, left=(0, 4)) + "\n")
    if "convolutions" in arguments.only:
        rows = [row for threads in arguments.threads for row in measure_convolutions(arguments, threads)]
        header = ["Convolution of SlowFast-R101", "Times", "Threads", "Forward, ms", "PyTorch, ms", "Ratio", "of sgemm",
                  "Backward, ms", "PyTorch, ms", "Ratio", "of sgemm"]
        print(markdown(header, rows, left=(0,)) + "\n")
    rates = ", ".join(f"{sgemm(threads):.0f} GFLOP/s on {threads}" for threads in arguments.threads)
    print("Medians of rounds of medians of repetitions; peak memory of the whole process, Regulus / PyTorch.")
    print_origin(arguments.rounds, load, f" OpenBLAS's sgemm at the end: {rates}.")


if __name__ == "__main__":
    main()
