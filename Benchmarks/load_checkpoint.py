"""Whether a checkpoint of a trained model gives the same predictions in PyTorch.

    python load_checkpoint.py --regulus path/to/regulus

Writes a small data set of two modalities of vectors, trains one model of it with Regulus, builds the same model in PyTorch from nothing but the checkpoint and
its header, and compares the logits with those of `regulus embed`. Ends with code 1 where they are more than 1e-5 of the largest logit apart.

`CheckpointModel` is what a program needs that wants to use such a checkpoint.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

TOLERANCE = 1e-5

RECIPE = """
name: loading
data: {use: arrays, path: data.safetensors, modalities: [sound, picture], standardize: channel}
evaluation: {protocol: multi-source}
model:
  encoder: {use: vector-mlp, hidden: [24, 12], embedding: 8}
  fusion: {use: late, hidden: 16}
training: {epochs: 3, batch: 16, optimizer: {use: adam, learning-rate: 0.01}}
rows: [{name: Fusion}]
seeds: [1]
"""


class CheckpointModel(nn.Module):
    """A model of vector-mlp encoders and late fusion, as a checkpoint's header describes it."""

    def __init__(self, path):
        super().__init__()
        with safe_open(path, "pt") as file:
            self.description = json.loads(file.metadata()["model"])
        self.names = [modality["name"] for modality in self.description["inputs"]]
        state = {name: value for name, value in load_file(path).items() if not name.startswith("regularizers.")}

        def linear(name):
            weight = state[f"{name}.weight"]
            return nn.Linear(weight.shape[1], weight.shape[0])

        def encoder(name):
            # Linear maps have even numbers in the sequence, activations the odd ones between them.
            numbers = sorted({int(key.split(".")[2]) for key in state if key.startswith(f"encoders.{name}.")})
            layers = [linear(f"encoders.{name}.{number}") if number in numbers else nn.ReLU() for number in range(numbers[-1] + 1)]
            return nn.Sequential(*layers)

        self.encoders = nn.ModuleDict({name: encoder(name) for name in self.names})
        self.fusion = nn.ModuleDict({part: linear(f"fusion.{part}") for part in ("hidden", "classifier")})
        self.load_state_dict(state)
        self.eval()

    def forward(self, inputs):
        """Logits, N×K, of one array N×D for each modality, in the units of the data."""
        embeddings = []
        for name in self.names:
            x = inputs[name]
            scale = self.description["standardization"]["scales"].get(name)
            if scale:
                x = (x - torch.tensor(scale["means"])) / torch.tensor(scale["deviations"])
            embeddings.append(self.encoders[name](x))
        # Late fusion reads the modalities in the order of their names.
        joined = torch.cat([z for _, z in sorted(zip(self.names, embeddings))], dim=1)
        return self.fusion["classifier"](self.fusion["hidden"](joined).relu())


def dataset():
    torch.manual_seed(0)
    labels = torch.arange(180) % 3
    return {
        "sound": torch.randn(180, 6) * 4 + labels[:, None] + 7,
        "picture": torch.randn(180, 9) * 0.1 - labels[:, None],
        "labels": labels,
        "domains": torch.arange(180) // 60,
    }


def call(*arguments, folder):
    done = subprocess.run(list(map(str, arguments)), cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"load_checkpoint.py: {' '.join(map(str, arguments[:2]))} ended with code {done.returncode}:\n{done.stderr.strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regulus", required=True, type=Path)
    regulus = parser.parse_args().regulus.resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = dataset()
        save_file(data, folder / "data.safetensors")
        (folder / "recipe.yaml").write_text(RECIPE)
        call(regulus, "run", "recipe.yaml", "--out", "run", folder=folder)
        checkpoint = sorted((folder / "run").rglob("checkpoint.safetensors"))[0]
        call(regulus, "embed", checkpoint, "--out", "embedded.safetensors", folder=folder)
        embedded = load_file(folder / "embedded.safetensors")
        model = CheckpointModel(checkpoint)
        rows = embedded["rows"].long()
        with torch.no_grad():
            theirs = model({name: data[name][rows] for name in model.names})
        difference = ((theirs - embedded["logits"]).abs().max() / embedded["logits"].abs().max()).item()
        agrees = theirs.shape == embedded["logits"].shape and len(rows) == 180 and difference <= TOLERANCE
        print(f"{tuple(theirs.shape)} logits, {difference:.1e} of the largest one apart: {'they agree' if agrees else 'they DIFFER'}")
        sys.exit(0 if agrees else 1)


if __name__ == "__main__":
    main()
