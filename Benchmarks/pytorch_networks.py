"""The published encoders in plain PyTorch, under the names that mmaction2 and torchvision gave their parameters.

    SlowFast()   R101 8×8, clips N×3×32×224×224 → N×2304 (fast 256, then slow 2048)
    SlowOnly()   R50, flow N×2×8×224×224 → N×2048
    ResNet18()   spectrograms N×1×257×1004 → N×512

Each has `stem` and `last_stage`, as the last of the four stages is what is trained over frozen weights.
"""

import math

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


class ConvModule(nn.Module):
    """Convolution over time and space, batch normalization, and mostly a ReLU."""

    def __init__(self, inputs, outputs, kernel, stride=(1, 1, 1), padding=(0, 0, 0), rectifies=True):
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm3d(outputs)
        self.rectifies = rectifies

    def forward(self, x):
        x = self.bn(self.conv(x))
        return x.relu_() if self.rectifies else x

    def fold(self):
        self.conv = fuse_conv_bn_eval(self.conv, self.bn)
        self.bn = nn.Identity()


class Bottleneck(nn.Module):
    """(3 or 1)×1×1, 1×3×3 with the stride, 1×1×1 to four times the width, and the shortcut."""

    def __init__(self, inputs, width, over_time, stride):
        super().__init__()
        frames = 3 if over_time else 1
        self.conv1 = ConvModule(inputs, width, (frames, 1, 1), padding=(frames // 2, 0, 0))
        self.conv2 = ConvModule(width, width, (1, 3, 3), (1, stride, stride), (0, 1, 1))
        self.conv3 = ConvModule(width, 4 * width, (1, 1, 1), rectifies=False)
        self.downsample = None
        if stride != 1 or inputs != 4 * width:
            self.downsample = ConvModule(inputs, 4 * width, (1, 1, 1), (1, stride, stride), rectifies=False)

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        return self.conv3(self.conv2(self.conv1(x))).add_(shortcut).relu_()


class Lateral(nn.Module):
    """From the fast pathway's frames to the slow one's, to twice the channels."""

    def __init__(self, inputs):
        super().__init__()
        self.conv = nn.Conv3d(inputs, 2 * inputs, (7, 1, 1), (4, 1, 1), (3, 0, 0), bias=False)

    def forward(self, x):
        return self.conv(x)


class Pathway(nn.Module):
    """Stem and four stages; `joined` says how many channels another pathway adds before each stage."""

    def __init__(self, inputs, width, blocks, frames, over_time, joined=(0, 0, 0, 0), laterals=()):
        super().__init__()
        self.conv1 = ConvModule(inputs, width, (frames, 7, 7), (1, 2, 2), (frames // 2, 3, 3))
        for index, channels in enumerate(laterals):
            self.add_module("conv1_lateral" if index == 0 else f"layer{index}_lateral", Lateral(channels))
        read = width
        for stage in range(4):
            middle = width << stage
            first = Bottleneck(read + joined[stage], middle, over_time[stage], 1 if stage == 0 else 2)
            rest = [Bottleneck(4 * middle, middle, over_time[stage], 1) for _ in range(blocks[stage] - 1)]
            self.add_module(f"layer{stage + 1}", nn.Sequential(first, *rest))
            read = 4 * middle
        self.pool = nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1))

    def enter(self, x):
        return self.pool(self.conv1(x))


class OnePath(nn.Module):
    """What follows a stem's maps where there is one path of four stages."""

    def last_stage(self, x):
        return mean(self.layer4(x))

    def last_stage_modules(self):
        return [self.layer4]

    def forward(self, x):
        return self.last_stage(self.stem(x))


class SlowFast(nn.Module):
    sample = (3, 32, 224, 224)
    width = 2304

    def __init__(self, blocks=(3, 4, 23, 3)):
        super().__init__()
        fast = (8, 32, 64, 128)
        self.slow_path = Pathway(
            3, 64, blocks, 1, (False, False, True, True), tuple(2 * channels for channels in fast), fast)
        self.fast_path = Pathway(3, 8, blocks, 5, (True, True, True, True))

    def stem(self, x):
        slow, fast = self.slow_path.enter(x[:, :, ::4].contiguous(memory_format=layout_of(x))), self.fast_path.enter(x)
        slow = torch.cat((slow, self.slow_path.conv1_lateral(fast)), 1)
        for stage in (1, 2, 3):
            slow = getattr(self.slow_path, f"layer{stage}")(slow)
            fast = getattr(self.fast_path, f"layer{stage}")(fast)
            slow = torch.cat((slow, getattr(self.slow_path, f"layer{stage}_lateral")(fast)), 1)
        return slow, fast

    def last_stage(self, maps):
        slow, fast = maps
        return torch.cat((mean(self.fast_path.layer4(fast)), mean(self.slow_path.layer4(slow))), 1)

    def last_stage_modules(self):
        return [self.slow_path.layer4, self.fast_path.layer4]

    def forward(self, x):
        return self.last_stage(self.stem(x))


class SlowOnly(Pathway, OnePath):
    sample = (2, 8, 224, 224)
    width = 2048

    def __init__(self, blocks=(3, 4, 6, 3)):
        super().__init__(2, 64, blocks, 1, (False, False, True, True))

    def stem(self, x):
        return self.layer3(self.layer2(self.layer1(self.enter(x))))


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.bn1(self.conv1(x)).relu_()
        return self.bn2(self.conv2(x)).add_(shortcut).relu_()

    def fold(self):
        self.conv1, self.bn1 = fuse_conv_bn_eval(self.conv1, self.bn1), nn.Identity()
        self.conv2, self.bn2 = fuse_conv_bn_eval(self.conv2, self.bn2), nn.Identity()
        if self.downsample is not None:
            self.downsample = nn.Sequential(fuse_conv_bn_eval(*self.downsample))


class ResNet18(OnePath):
    sample = (1, 257, 1004)
    width = 512

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(self.sample[0], 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(3, 2, 1)
        read = 64
        for stage in range(4):
            made = 64 << stage
            blocks = nn.Sequential(BasicBlock(read, made, 1 if stage == 0 else 2), BasicBlock(made, made, 1))
            self.add_module(f"layer{stage + 1}", blocks)
            read = made

    def stem(self, x):
        x = self.pool(self.bn1(self.conv1(x)).relu_())
        return self.layer3(self.layer2(self.layer1(x)))

    def fold(self):
        self.conv1, self.bn1 = fuse_conv_bn_eval(self.conv1, self.bn1), nn.Identity()


NETWORKS = {"slowfast": SlowFast, "slowonly": SlowOnly, "resnet18": ResNet18}


def mean(x):
    """Over every axis but the first two."""
    return x.mean(dim=tuple(range(2, x.dim())))


def layout_of(x):
    """Whether the channels come last in memory."""
    if x.is_contiguous():
        return torch.contiguous_format
    return torch.channels_last if x.dim() == 4 else torch.channels_last_3d


def train(network, work):
    """Sets a network to what `work` trains: inference nothing, last-stage its last stage, training everything."""
    if work == "training":
        return network
    network.requires_grad_(False).eval()
    if work != "inference":
        for stage in network.last_stage_modules():
            stage.requires_grad_(True).train()
    return network


def convolutions(network, work="inference"):
    """The distinct convolutions of one sample's way through a network.

    Returns (input with channels last, weight, stride, padding) → (how often it occurs, how many products of that size
    are computed: one for the output, one for each of the gradients of weights and data).
    """
    found = {}

    def note(module, inputs, _):
        n, c, *space = inputs[0].shape
        key = ((n, *space, c), tuple(module.weight.shape), module.stride, module.padding)
        count, products = found.get(key, (0, 0))
        found[key] = (count + 1, products + 1 + module.weight.requires_grad + inputs[0].requires_grad)

    with torch.device("meta"):
        network = train(network(), work)
        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.Conv3d)):
                module.register_forward_hook(note)
        maps = network.stem(torch.empty(1, *network.sample))
        if work == "last-stage-over-maps":
            found.clear()
        network.last_stage(maps)
    return found


def operations(convolution):
    """Floating-point operations of one of `convolutions`, a multiplication and an addition counted as two."""
    (n, *space, inputs), (outputs, _, *kernel), stride, padding = convolution
    places = [(length + 2 * zeros - taps) // step + 1 for length, zeros, taps, step in zip(space, padding, kernel, stride)]
    return 2 * n * math.prod(places) * outputs * inputs * math.prod(kernel)
