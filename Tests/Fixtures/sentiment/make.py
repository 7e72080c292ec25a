# Writes the fixtures of this folder with Python's pickle and NumPy: the three files of MMDG-Bench's sentiment data in small.
# A label is three times the tanh of the sum of the first words' first features, rounded to thirds; sims has it in ±1. Sequences end in zeros.
import pickle
import numpy as np
widths = {"text": 6, "audio": 4, "vision": 3}
steps = {"mosi": {"text": 5, "audio": 8, "vision": 6}, "mosei": {"text": 6, "audio": 7, "vision": 9}, "sims": {"text": 4, "audio": 8, "vision": 5}}
rows = {"train": 24, "valid": 8, "test": 8}
for number, (name, own) in enumerate(steps.items()):
    draw = np.random.default_rng(number)
    data = {}
    for part, count in rows.items():
        kind = "f8" if name == "sims" else "f4"
        arrays = {m: draw.normal(size=(count, own[m], w)).astype(kind) for m, w in widths.items()}
        lengths = {m: draw.integers(2, own[m] + 1, count) for m in widths}
        for m in widths:
            for row in range(count): arrays[m][row, lengths[m][row]:] = 0
        labels = np.round(3 * np.tanh(arrays["text"][:, :2, 0].sum(1))) / (3 if name == "sims" else 1)
        mask = np.zeros((count, 3, own["text"]), "f4")
        for row in range(count): mask[row, 1, :lengths["text"][row]] = 1
        data[part] = {
            "id": [f"film{row // 4}$_${row}" for row in range(count)], "raw_text": ["…"] * count, "text_bert": mask, **arrays,
            "audio_lengths": [int(x) for x in lengths["audio"]], "vision_lengths": [int(x) for x in lengths["vision"]],
            "regression_labels": labels.astype("f4"), "annotations": ["Neutral"] * count}
        # One of the three writes its samples as lists of arrays.
        if name == "mosei":
            for m in ("audio", "vision"): data[part][m] = list(arrays[m])
    with open(f"{name}.pkl", "wb") as f: pickle.dump(data, f, protocol=4)
