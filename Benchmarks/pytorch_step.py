"""One training step of the model of recipes/table13.yaml in PyTorch.

    python pytorch_step.py --variant eager --threads 2 [--mer]

Prints one line of JSON. The step: forward pass of two 1-D residual encoders and late fusion, cross-entropy, with
--mer also MER on both embeddings, backward pass, Adam. The batch is the same in every step, so no loading is timed.

Variants:
  eager         as one writes it: the modules called directly, Adam with its defaults
  eager-fused   the same with Adam's fused implementation, the fastest that PyTorch offers without compiling
  compile       forward pass and loss through torch.compile, with fused Adam
"""


import torch
from torch import nn

from measuring import measure, parser, report
from pytorch_mer import mer

MODALITIES = ("accelerometer", "gyroscope")
CHANNELS, LENGTH, CLASSES = 3, 100, 7
MER_WEIGHT = 3.0


class ResidualBlock(nn.Module):
    """conv3 → BN → ReLU → conv3 → BN, added to the input or to its 1×1 projection, then ReLU."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv1d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm1d(outputs)
        self.conv2 = nn.Conv1d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm1d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv1d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm1d(outputs)
            )

    def forward(self, x):
        skip = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)) + skip)


class Encoder(nn.Module):
    """A series, N×C×L, to an embedding, N×D."""

    def __init__(self, embedding, channels=CHANNELS):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv1d(channels, 16, 7, stride=2, padding=3, bias=False), nn.BatchNorm1d(16), nn.ReLU(inplace=True)
        )
        self.blocks = nn.Sequential(
            ResidualBlock(16, 16, 1), ResidualBlock(16, 32, 2), ResidualBlock(32, 64, 2)
        )
        self.head = nn.Linear(64, embedding)

    def forward(self, x):
        return self.head(self.blocks(self.stem(x)).mean(dim=-1))


class LateFusion(nn.Module):
    """One encoder a modality; embeddings concatenated → Linear 512 → ReLU → Dropout 0.5 → classes."""

    def __init__(self, encoders, embedding, classes):
        super().__init__()
        self.encoders = nn.ModuleDict(encoders)
        self.fusion = nn.Sequential(
            nn.Linear(embedding * len(encoders), 512), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(512, classes)
        )

    def forward(self, inputs):
        embeddings = [encoder(inputs[modality]) for modality, encoder in self.encoders.items()]
        return self.fusion(torch.cat(embeddings, dim=1)), embeddings


def training_step(variant, batch, embedding, with_mer):
    """A function that takes one training step each time it is called, and the model's number of parameters."""
    model = LateFusion({modality: Encoder(embedding) for modality in MODALITIES}, embedding, CLASSES).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=variant != "eager")
    inputs = {modality: torch.randn(batch, CHANNELS, LENGTH) for modality in MODALITIES}
    labels = torch.randint(CLASSES, (batch,))
    form = "paper" if embedding <= batch else "gram"

    def loss(inputs, labels):
        logits, embeddings = model(inputs)
        total = nn.functional.cross_entropy(logits, labels)
        if with_mer:
            total = total + MER_WEIGHT * sum(mer(z, form) for z in embeddings)
        return total

    if variant == "compile":
        loss = torch.compile(loss)

    def step():
        optimizer.zero_grad()
        loss(inputs, labels).backward()
        optimizer.step()

    return step, sum(parameter.numel() for parameter in model.parameters())


def main():
    options = parser(__doc__, warmup=20, repeats=200)
    options.add_argument("--variant", choices=["eager", "eager-fused", "compile"], default="eager")
    options.add_argument("--mer", action="store_true", help="add MER on both embeddings")
    options.add_argument("--batch", type=int, default=64)
    options.add_argument("--embedding", type=int, default=32, help="width of each embedding (default 32)")
    arguments = options.parse_args()

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    step, parameters = training_step(arguments.variant, arguments.batch, arguments.embedding, arguments.mer)
    figures = measure(step, arguments.warmup, arguments.repeats)
    name = "step-mer" if arguments.mer else "step"
    report(name, arguments.variant, arguments.threads, {**figures, "parameters": parameters})


if __name__ == "__main__":
    main()
