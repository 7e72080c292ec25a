"""One whole training in PyTorch, as a careful user writes it.

    python pytorch_training.py --training series --data data.npz --epochs 10 --threads 1

Prints one line of JSON. The clock runs from the arrays in memory to the saved checkpoint: standardization, and in every
epoch batches in a new order, steps (Adam, fused), and accuracy on the validation rows and on the held-out domain, in
large batches without gradients. The weights of the best epoch on validation are saved. Importing PyTorch and reading
the file are not counted.
"""

import argparse
import copy
import os
import tempfile
import time

import numpy
import torch
from torch import nn

from measuring import peak_mebibytes, report
from pytorch_step import Encoder, LateFusion
from trainings import BATCH, DOMAINS, EMBEDDING, RATE, TARGET, TRAININGS, VALIDATION

EVALUATION_BATCH = 256


class ImageEncoder(nn.Module):
    """Pictures, N×C×H×W: three convolutions with batch normalization and ReLU, halved between them, and the mean over places."""

    def __init__(self, channels):
        super().__init__()
        layers = []
        for stage in range(3):
            outputs = 16 << stage
            layers += [nn.MaxPool2d(2)] if stage else []
            layers += [
                nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
            ]
            channels = outputs
        self.stages = nn.Sequential(*layers)
        self.head = nn.Linear(channels, EMBEDDING)

    def forward(self, x):
        return self.head(self.stages(x).mean(dim=(2, 3)))


def encoder(settings, shape):
    """The encoder of a recipe for samples of this shape, channels last."""
    if settings["use"] == "series-resnet":
        return Encoder(EMBEDDING, shape[-1])
    if settings["use"] == "image-cnn":
        return ImageEncoder(shape[-1])
    (hidden,) = settings["hidden"]
    return nn.Sequential(nn.Linear(shape[-1], hidden), nn.ReLU(inplace=True), nn.Linear(hidden, EMBEDDING))


def standardized(values, rows):
    """Every channel with mean 0 and deviation 1 over the training rows, and channels first, as PyTorch's layers want them."""
    axes = tuple(range(values.dim() - 1))
    training = values[rows]
    values = (values - training.mean(axes)) / training.std(axes, correction=0)
    return values.movedim(-1, 1).contiguous()


def accuracy(model, inputs, labels, rows):
    """The share of rows that the model gets right."""
    model.eval()
    right = 0
    with torch.inference_mode():
        for part in rows.split(EVALUATION_BATCH):
            logits, _ = model({modality: values[part] for modality, values in inputs.items()})
            right += (logits.argmax(dim=1) == labels[part]).sum().item()
    model.train()
    return right / len(rows)


def train(name, arrays, epochs, checkpoint):
    """Trains and saves; the number of steps and of parameters."""
    classes, _, settings, modalities = TRAININGS[name]
    labels, domains = torch.from_numpy(arrays["labels"]), torch.from_numpy(arrays["domains"])
    target = torch.nonzero(domains == DOMAINS.index(TARGET)).flatten()
    sources = torch.nonzero(domains != DOMAINS.index(TARGET)).flatten()
    sources = sources[torch.randperm(len(sources))]
    held_back = round(len(sources) * VALIDATION)
    validation, training = sources[:held_back], sources[held_back:]
    inputs = {modality: standardized(torch.from_numpy(arrays[modality]), training) for modality in modalities}

    model = LateFusion({modality: encoder(settings, shape) for modality, shape in modalities.items()}, EMBEDDING, classes)
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    best, kept, steps = -1.0, None, 0
    for _ in range(epochs):
        order = training[torch.randperm(len(training))]
        for start in range(0, len(order) - BATCH + 1, BATCH):
            rows = order[start : start + BATCH]
            logits, _ = model({modality: values[rows] for modality, values in inputs.items()})
            loss = nn.functional.cross_entropy(logits, labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            steps += 1
        score = accuracy(model, inputs, labels, validation)
        accuracy(model, inputs, labels, target)
        if score > best:
            best, kept = score, copy.deepcopy(model.state_dict())
    torch.save(kept, checkpoint)
    return steps, sum(parameter.numel() for parameter in model.parameters())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--training", choices=list(TRAININGS), required=True)
    parser.add_argument("--data", required=True, help="the file that run_trainings.py writes")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(arguments.seed)
    with numpy.load(arguments.data) as file:
        arrays = dict(file)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        steps, parameters = train(arguments.training, arrays, arguments.epochs, os.path.join(folder, "checkpoint.pt"))
        seconds = time.perf_counter() - start
    figures = {"seconds": seconds, "steps": steps, "parameters": parameters, "peak_mib": peak_mebibytes()}
    report(arguments.training, "eager-fused", arguments.threads, figures)


if __name__ == "__main__":
    main()
