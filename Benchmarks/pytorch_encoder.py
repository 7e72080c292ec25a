"""A published encoder in PyTorch: a frozen pass or a training step on random samples of the published size.

    python pytorch_encoder.py slowfast --work inference --form channels-last --threads 2

Prints one line of JSON. What a training step is: the encoder, Linear 512 → ReLU → Dropout 0.5 → Linear 7,
cross-entropy, backward pass, Adam. `last-stage` trains the last of the four stages over a frozen stem,
`last-stage-over-maps` the same over what the stem made before, as if it had been kept.

Forms:
  plain                 as one writes it; inference in torch.inference_mode, a frozen stem in torch.no_grad
  channels-last         the same with weights and inputs in PyTorch's channels-last layout
  folded, folded-channels-last
                        the same with batch normalization folded into the convolutions wherever it is frozen
"""


import torch
from torch import nn

from measuring import measure, parser, report
from pytorch_networks import NETWORKS, train

CLASSES = 7
FORMS = ("plain", "channels-last", "folded", "folded-channels-last")


def trained(module):
    """The parameters of a module that are trained."""
    return [parameter for parameter in module.parameters() if parameter.requires_grad]


def prepared(arguments):
    """The network and a batch, as the form asks."""
    network = NETWORKS[arguments.encoder]()
    x = torch.randn(arguments.batch, *network.sample)
    train(network, arguments.work)
    if arguments.form.startswith("folded"):
        frozen = [module for module in network.modules() if hasattr(module, "fold") and not trained(module)]
        with torch.no_grad():
            for module in frozen:
                module.fold()
    if arguments.form.endswith("channels-last"):
        layout = torch.channels_last if x.dim() == 4 else torch.channels_last_3d
        network, x = network.to(memory_format=layout), x.contiguous(memory_format=layout)
    return network, x


def work(arguments):
    """What is repeated, and how many parameters it trains."""
    network, x = prepared(arguments)
    if arguments.work == "inference":

        def infer():
            with torch.inference_mode():
                network(x)

        return infer, None

    head = nn.Sequential(nn.Linear(network.width, 512), nn.ReLU(inplace=True), nn.Dropout(0.5), nn.Linear(512, CLASSES))
    parameters = trained(network) + trained(head)
    optimizer = torch.optim.Adam(parameters, lr=1e-4, fused=True)
    labels = torch.arange(arguments.batch) % CLASSES

    with torch.no_grad():
        kept = network.stem(x) if arguments.work == "last-stage-over-maps" else None

    def step():
        optimizer.zero_grad()
        if kept is not None:
            z = network.last_stage(kept)
        elif arguments.work == "last-stage":
            with torch.no_grad():
                maps = network.stem(x)
            z = network.last_stage(maps)
        else:
            z = network(x)
        nn.functional.cross_entropy(head(z), labels).backward()
        optimizer.step()

    return step, sum(parameter.numel() for parameter in parameters)


def main():
    options = parser(__doc__, warmup=1, repeats=5)
    options.add_argument("encoder", choices=list(NETWORKS))
    options.add_argument("--work", choices=["inference", "last-stage", "last-stage-over-maps", "training"], default="inference")
    options.add_argument("--form", choices=FORMS, default="plain")
    options.add_argument("--batch", type=int, default=1)
    arguments = options.parse_args()
    if arguments.work == "training" and arguments.form.startswith("folded"):
        options.error("nothing is frozen in training, so nothing can be folded")

    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    step, parameters = work(arguments)
    figures = measure(step, arguments.warmup, arguments.repeats)
    if parameters is not None:
        figures["parameters"] = parameters
    report(f"{arguments.encoder}-{arguments.work}", arguments.form, arguments.threads, figures)


if __name__ == "__main__":
    main()
