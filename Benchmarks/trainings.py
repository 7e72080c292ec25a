"""The trainings that `run_trainings.py` compares: their generated data, their recipes, and how Regulus trains them."""

import json
from pathlib import Path

import numpy

DOMAINS = ("first", "second", "third")
TARGET, BATCH, VALIDATION, RATE, EMBEDDING = "third", 64, 0.2, 1e-3, 32

SERIES = {"use": "series-resnet", "width": 16, "blocks": [1, 1, 1], "embedding": EMBEDDING}
PICTURES = {"use": "image-cnn", "width": 16, "stages": 3, "embedding": EMBEDDING}
VECTORS = {"use": "vector-mlp", "hidden": [256], "embedding": EMBEDDING}

# Name → classes, rows of a class in each domain, encoder, and the shape of a sample of each modality, channels last. The numbers of
# rows divide so that both sides take the same number of steps whatever rule draws the validation rows.
TRAININGS = {
    "series": (7, 110, SERIES, {"accelerometer": (100, 3), "gyroscope": (100, 3)}),
    "skeleton": (27, 10, SERIES, {"inertial": (180, 6), "skeleton": (125, 60)}),
    "pictures": (10, 100, PICTURES, {"picture": (28, 28, 1), "spectrogram": (32, 48, 1)}),
    "vectors": (4, 500, VECTORS, {"text": (300,), "audio": (74,)}),
}


def write_data(name, folder):
    """Writes the data of a training as arrays that both sides read: a class shifts every modality, a domain does so less."""
    classes, rows, _, modalities = TRAININGS[name]
    count = classes * rows
    labels = numpy.tile(numpy.arange(classes), rows * len(DOMAINS))
    domains = numpy.repeat(numpy.arange(len(DOMAINS)), count)
    random = numpy.random.default_rng(1)
    arrays = {"labels": labels, "domains": domains}
    for modality, shape in modalities.items():
        centers = random.normal(0, 0.3, (classes, *shape))
        shifts = random.normal(0, 0.1, (len(DOMAINS), *shape))
        noise = random.normal(0, 1, (len(labels), *shape))
        arrays[modality] = (centers[labels] + shifts[domains] + noise).astype(numpy.float32)
    path = Path(folder) / "data.npz"
    numpy.savez(path, **arrays)
    return path


def recipe(name, data, epochs, seeds):
    """The recipe of a training, with late fusion alone in its one row (JSON is YAML)."""
    _, _, encoder, modalities = TRAININGS[name]
    return json.dumps({
        "name": name,
        "data": {"use": "arrays", "path": str(data), "modalities": list(modalities), "domain-names": list(DOMAINS)},
        "evaluation": {"protocol": "multi-source", "validation": VALIDATION, "selection": "source-validation"},
        "model": {"encoder": encoder, "fusion": {"use": "late", "hidden": 512, "dropout": 0.5}},
        "training": {
            "epochs": epochs, "batch": BATCH, "batching": "shuffled", "optimizer": {"use": "adam", "learning-rate": RATE},
        },
        "seeds": seeds, "baseline": "Fusion", "rows": [{"name": "Fusion"}],
    })


def command(regulus, recipe_file, out, threads=1, trials=1):
    """What trains it: so many trials at once, with so many threads each."""
    return [
        str(regulus), "run", str(recipe_file), "--out", str(out), "--targets", TARGET,
        "--threads", str(threads * trials), "--threads-per-trial", str(threads),
    ]
