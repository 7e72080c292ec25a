"""Convolutions one by one in PyTorch: the forward pass, and the gradients of data and weights.

    python pytorch_convolutions.py --threads 2 1x8x56x56x64:64x64x1x3x3:1x1x1:0x1x1

A convolution is input (channels last), weight, stride and padding. Prints two lines of JSON for each and for each
layout of memory, plain and channels-last.
"""


import torch

from measuring import measure, parser, report


def parsed(text):
    return [tuple(int(number) for number in part.split("x")) for part in text.split(":")]


def main():
    options = parser(__doc__, warmup=1, repeats=5)
    options.add_argument("shapes", nargs="+")
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    for text in arguments.shapes:
        (n, *space, channels), weights, stride, padding = parsed(text)
        convolve = torch.conv3d if len(space) == 3 else torch.conv2d
        layout = torch.channels_last_3d if len(space) == 3 else torch.channels_last
        for form, memory in (("plain", torch.contiguous_format), ("channels-last", layout)):
            x = torch.randn(n, channels, *space).contiguous(memory_format=memory)
            weight = (0.1 * torch.randn(*weights)).contiguous(memory_format=memory)

            def forward():
                with torch.inference_mode():
                    convolve(x, weight, None, stride, padding)

            figures = measure(forward, arguments.warmup, arguments.repeats)
            report(f"{text}-forward", form, arguments.threads, figures)

            tracked = x.clone().requires_grad_(), weight.clone().requires_grad_()
            y = convolve(*tracked, None, stride, padding)
            upstream = torch.randn_like(y)

            def backward():
                torch.autograd.grad(y, tracked, upstream, retain_graph=True)

            figures = measure(backward, arguments.warmup, arguments.repeats)
            report(f"{text}-backward", form, arguments.threads, figures)


if __name__ == "__main__":
    main()
