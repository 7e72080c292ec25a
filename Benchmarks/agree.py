"""Whether Regulus and PyTorch compute the same encoders from each other's weights.

    python agree.py --regulus path/to/regulus [--only slowfast]

For each published encoder at full size, on random inputs:
  1. PyTorch's random weights and running statistics, torch.save → `regulus weights apply --weights` → embeddings
  2. the safetensors file that Regulus writes of those weights → PyTorch, the same to the bit
  3. Regulus's random weights → safetensors → PyTorch → embeddings
Embeddings may differ by 1e-4 of the largest value. Ends with code 1 where anything differs.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from pytorch_networks import NETWORKS

TOLERANCE = 1e-4


def randomized(network):
    """A network whose normalization is not the identity, so that each of its statistics matters."""
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm3d)):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.num_batches_tracked.fill_(1000)
            nn.init.uniform_(module.weight, 0.5, 1.0)
            nn.init.normal_(module.bias, 0, 0.1)
    return network.eval()


def apply(regulus, *arguments):
    done = subprocess.run([regulus, "weights", "apply", *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"agree.py: regulus weights apply ended with code {done.returncode}:\n{done.stderr.strip()}")


def compare(what, ours, theirs):
    """Prints how far two embeddings are apart, and returns whether that is near enough."""
    difference = ((ours - theirs).abs().max() / theirs.abs().max()).item()
    agree = ours.shape == theirs.shape and difference <= TOLERANCE
    print(f"{what}: {tuple(ours.shape)}, {difference:.1e} of the largest value apart, {'agrees' if agree else 'DIFFERS'}")
    return agree


def check(name, regulus, folder):
    torch.manual_seed(0)
    network = randomized(NETWORKS[name]())
    x = torch.randn(2, *network.sample)
    files = {key: folder / f"{name}.{key}" for key in ("inputs", "outputs", "pth", "safetensors")}
    save_file({"x": x.movedim(1, -1).contiguous()}, files["inputs"])
    torch.save(network.state_dict(), files["pth"])
    common = (name, "--inputs", files["inputs"], "--outputs", files["outputs"], "--export", files["safetensors"])

    apply(regulus, *common, "--weights", files["pth"])
    with torch.inference_mode():
        agree = compare(f"{name}, PyTorch's weights in Regulus", load_file(files["outputs"])["z"], network(x))
    written, original = load_file(files["safetensors"]), network.state_dict()
    same = written.keys() == original.keys() and all(
        written[key].dtype == original[key].dtype and torch.equal(written[key], original[key]) for key in original)
    print(f"{name}, PyTorch's weights through Regulus: {len(written)} tensors, {'the same to the bit' if same else 'DIFFERENT'}")

    apply(regulus, *common)
    network.load_state_dict(load_file(files["safetensors"]))
    with torch.inference_mode():
        return compare(f"{name}, Regulus's weights in PyTorch", load_file(files["outputs"])["z"], network(x)) and agree and same


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regulus", type=Path, required=True)
    parser.add_argument("--only", choices=list(NETWORKS), nargs="+", default=list(NETWORKS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = [check(name, str(arguments.regulus.resolve()), Path(folder)) for name in arguments.only]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
