"""Small data in the layouts of MMDG-Bench, made of random numbers: what a recipe of recipes/mmdg-bench can be tried on without the real data.

    python layouts.py hust --folder /scratch/hust
    python layouts.py sentiment --folder /scratch/sentiment
    python layouts.py epic --folder /scratch/epic
    python layouts.py hac --folder /scratch/hac

`hust` writes the 24 text files of HUST motor (6 states × 4 speeds; 6.4 s at 25.6 kHz, time, three axes of vibration, sound). Every state
has a resonance of its own in the housing, and another one in the sound, which sounds once for every turn of the motor and dies away. What is
the same at all speeds is therefore the resonance; how often it sounds, the turning of the shaft below it, the level of the sound and the
noise are those of a speed, so that a speed that was not trained on looks and sounds different. The second state of each pair is the first
one's neighbor in frequency.

`sentiment` writes `mosi.pkl`, `mosei.pkl` and `sims.pkl` as dictionaries of train, valid and test with text, audio and vision padded with
zeros, and regression labels; a direction in each modality carries the label.

`epic` and `hac` write the lists and the media of both action sets as MMDG-Bench's release has them: films of 32×32 pixels for video and flow, and sound. An
action is bars of its own width that move over the picture, a steady flow of its own, and a tone; brightness, noise and the level of the sound are
those of a domain. The films are uncompressed (YUV4MPEG2) under the names of the release, which tell no format.

Needs NumPy. The same seed writes the same numbers.
"""

import argparse
import pickle
import sys
import wave
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


FRAMES = 40
SIDE = 32
SOUND_RATE = 16_000


def film(path, frames):
    """Frames × height × width of gray, as a film at 24 frames a second."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = np.clip(frames, 0, 255).astype("u1")
    head = f"YUV4MPEG2 W{frames.shape[2]} H{frames.shape[1]} F24:1 Ip A1:1 Cmono\n".encode()
    path.write_bytes(head + b"".join(b"FRAME\n" + picture.tobytes() for picture in pictures))


def recording(path, sound):
    """Numbers from -1 to 1, as 16-bit sound of one channel."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SOUND_RATE)
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def action(label, domain, random):
    """Video, horizontal and vertical flow, and sound of one clip."""
    time, across = np.arange(FRAMES)[:, None, None], np.arange(SIDE)[None, None, :]
    bars = np.sin(2 * np.pi * (label + 1) * across / SIDE + 0.3 * time + random.uniform(0, 6)) * np.ones((1, SIDE, 1))
    video = 90 + 25 * domain + 55 * bars + (8 + 6 * domain) * random.normal(size=bars.shape)
    level = 128 + 14 * (label - 3.5)
    flow = [sign * (level - 128) + 128 + (5 + 4 * domain) * random.normal(size=(FRAMES // 2, SIDE, SIDE)) for sign in (1, -1)]
    seconds = np.arange(int(FRAMES / 24 * SOUND_RATE)) / SOUND_RATE
    sound = (0.2 + 0.1 * domain) * np.sin(2 * np.pi * 400 * (label + 1) * seconds) + 0.05 * random.normal(size=seconds.size)
    return video, *flow, sound


def rows(classes, each):
    """Labels of one list: so many of each class, one class after the other and again."""
    return [number % classes for number in range(classes * each)]


def epic(folder, random):
    names = ["take", "put", "open", "close", "wash", "cut", "mix", "pour"]
    columns = "uid,participant_id,video_id,narration,start_timestamp,stop_timestamp,start_frame,stop_frame,verb,verb_class"
    for number, domain in enumerate(["D1", "D2", "D3"]):
        for part, each in (("train", 6), ("test", 2)):
            lines, sounds = [columns], {}
            for row, label in enumerate(rows(8, each)):
                video, horizontal, vertical, sound = action(label, number, random)
                # A kitchen has several recordings, each with all actions.
                recorded = f"P01_{row // 8:02}"
                start = row % 8 * FRAMES
                stop, first = start + FRAMES, (start + 1) // 2
                film(folder / f"video/{part}/{domain}/{domain}_{recorded}_{start}_{stop}_{label}.mp4", video)
                for axis, frames in (("u", horizontal), ("v", vertical)):
                    film(folder / f"flow/{part}/{domain}/{domain}_{recorded}_{first}_{first + FRAMES // 2}_{label}_{axis}.mp4", frames)
                times = [f"00:{int(time) // 60:02}:{time % 60:05.2f}" for time in (start / 24, stop / 24)]
                lines.append(f"{row},P01,{recorded},{names[label]},{times[0]},{times[1]},{start},{stop},{names[label]},{label}")
                sounds.setdefault(recorded, []).append(sound)
            for recorded, parts in sounds.items():
                recording(folder / f"audio/{part}/{domain}/{recorded}.wav", np.concatenate(parts))
            lists = folder / "MM-SADA_Domain_Adaptation_Splits"
            lists.mkdir(exist_ok=True)
            (lists / f"{domain}_{part}.csv").write_text("\n".join(lines) + "\n")


def hac(folder, random):
    lists = folder / "HAC_Splits"
    lists.mkdir(exist_ok=True)
    for number, domain in enumerate(["human", "animal", "cartoon"]):
        for part, each in (("train", 6), ("test", 2)):
            lines = []
            for row, label in enumerate(rows(7, each)):
                video, horizontal, vertical, sound = action(label, number, random)
                name = f"{part}-{row}"
                film(lists / domain / "videos" / f"{name}.mp4", video)
                for axis, frames in (("x", horizontal), ("y", vertical)):
                    film(lists / domain / "flow" / f"{name}_flow_{axis}.mp4", frames)
                recording(lists / domain / "audio" / f"{name}.wav", sound)
                lines.append(f"{name}.mp4,{label}")
            (lists / f"HAC_{part}_only_{domain}.csv").write_text("\n".join(lines) + "\n")


LAYOUTS = {"hust": hust, "sentiment": sentiment, "epic": epic, "hac": hac}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("layout", choices=sorted(LAYOUTS))
    parser.add_argument("--folder", type=Path, required=True, help="where the files are written")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    LAYOUTS[options.layout](options.folder, np.random.default_rng(options.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
