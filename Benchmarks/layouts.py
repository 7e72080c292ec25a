"""Small data in the layouts of MMDG-Bench, made of random numbers: what a recipe of recipes/mmdg-bench can be tried on without the real data.

    python layouts.py hust --folder /scratch/hust
    python layouts.py sentiment --folder /scratch/sentiment

`hust` writes the 24 text files of HUST motor (6 states × 4 speeds; 6.4 s at 25.6 kHz, time, three axes of vibration, sound). Every state
has a resonance of its own in the housing, and another one in the sound, which sounds once for every turn of the motor and dies away. What is
the same at all speeds is therefore the resonance; how often it sounds, the turning of the shaft below it, the level of the sound and the
noise are those of a speed, so that a speed that was not trained on looks and sounds different. The second state of each pair is the first
one's neighbor in frequency.

`sentiment` writes `mosi.pkl`, `mosei.pkl` and `sims.pkl` as dictionaries of train, valid and test with text, audio and vision padded with
zeros, and regression labels; a direction in each modality carries the label.

Needs NumPy. The same seed writes the same numbers.
"""

import argparse
import pickle
import sys
from pathlib import Path

import numpy as np

STATES = ["H", "BF", "BOW", "BROKEN", "MISAL", "UNBAL"]
SPEEDS = [5, 10, 20, 30]
RATE = 25_600
ROWS = 163_840
# Hz, by state: the resonance that the housing has, and that of the sound.
HOUSING = [900, 1300, 2400, 3200, 5000, 6800]
SOUND = [7200, 5200, 3400, 2500, 1400, 1000]
HEADER = "\n".join(["Title\t%s", *(f"Parameter {number}\t-" for number in range(1, 16)), "Time (seconds) and Data Channels"])


def ring(time, speed, frequency, phase):
    """A resonance that is struck sixteen times a turn and dies away between, on top of a level that stays."""
    since = np.mod(time * speed * 16 + phase, 1) / (speed * 16)
    return (0.35 + 0.65 * np.exp(-since / 0.004)) * np.sin(2 * np.pi * frequency * time + phase)


def hust(folder, random):
    time = np.arange(ROWS) / RATE
    for state, name in enumerate(STATES):
        for number, speed in enumerate(SPEEDS):
            turning = np.sin(2 * np.pi * speed * time + random.uniform(0, 6))
            noise = 0.30 + 0.05 * number
            axes = [0.05 * (1 + number) * turning + noise * random.normal(size=ROWS) for _ in range(3)]
            # Gravity on the third axis, so that the magnitude of the three follows it.
            axes[2] += 3 + 0.4 * ring(time, speed, HOUSING[state], random.uniform(0, 6))
            sound = (0.6 + 0.2 * number) * (0.3 * ring(time, speed, SOUND[state], random.uniform(0, 6)) + 0.35 * random.normal(size=ROWS))
            with open(folder / f"{name}_{speed}HZ.txt", "w") as file:
                file.write(HEADER % name + "\n")
                np.savetxt(file, np.stack([time, *axes, sound], 1), fmt="%.6f", delimiter="\t")


def sentiment(folder, random):
    directions = {name: random.normal(size=width) for name, width in (("text", 768), ("audio", 25), ("vision", 171))}
    strength = {"text": 3.0, "audio": 1.2, "vision": 1.2}
    sets = {"mosi": ((300, 60, 120), (20, 30, 25), 1), "mosei": ((500, 80, 150), (24, 28, 30), 1), "sims": ((250, 60, 100), (18, 26, 22), 1 / 3)}
    for name, (counts, longest, scale) in sets.items():
        parts = {}
        for part, count in zip(("train", "valid", "test"), counts):
            labels = np.clip(1.3 * random.normal(size=count), -3, 3).astype("f4")
            arrays = {"regression_labels": labels * np.float32(scale), "id": [f"v{row // 5}$_${row}" for row in range(count)]}
            for (modality, direction), most in zip(directions.items(), longest):
                values = random.normal(size=(count, most, direction.size))
                values += strength[modality] * labels[:, None, None] * direction / np.linalg.norm(direction)
                for row, length in enumerate(random.integers(most // 2, most + 1, count)):
                    values[row, length:] = 0
                arrays[modality] = values.astype("f4")
            parts[part] = arrays
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(parts, protocol=4))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("layout", choices=["hust", "sentiment"])
    parser.add_argument("--folder", type=Path, required=True, help="where the files are written")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    {"hust": hust, "sentiment": sentiment}[options.layout](options.folder, np.random.default_rng(options.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
