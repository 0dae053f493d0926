"""Training steps of ResNet-20 in PyTorch: of multiplications, by PyTorch's own layers, or of adders, written from the formulas of AdderNet
(CVPR 2020, eq. 2, 4, 5) in operations on whole tensors. Reads a line for each turn, `<kind> <batch> <steps>`, and answers with the seconds
of each step, as JSON; so that turns may alternate with those of others.

    python3 torch_train.py THREADS
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class AdderProduct(torch.autograd.Function):
    """columns [n, k, p] of windows, filters [co, k] -> y [n, co, p] = -sum_k |x - w|. A filter at a time: what it makes stays in the cache."""

    @staticmethod
    def forward(ctx, columns, filters):
        ctx.save_for_backward(columns, filters)
        return -torch.stack([(columns - w[:, None]).abs_().sum(1) for w in filters], 1)

    @staticmethod
    def backward(ctx, gy):
        columns, filters = ctx.saved_tensors
        gx, gw = torch.zeros_like(columns), torch.empty_like(filters)
        for c, w in enumerate(filters):
            g = gy[:, c].unsqueeze(1)
            difference = columns - w[:, None]
            gw[c] = (difference * g).sum((0, 2))  # eq. 4
            gx -= difference.clamp_(-1, 1).mul_(g)  # eq. 5
        return gx, gw


class AdderConv2d(nn.Module):
    def __init__(self, ci, co, kernel, stride=1, padding=0):
        super().__init__()
        self.filters = nn.Parameter(torch.randn(co, ci, kernel, kernel))
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def forward(self, x):
        columns = F.unfold(x, self.kernel, padding=self.padding, stride=self.stride)
        y = AdderProduct.apply(columns, self.filters.flatten(1))
        height = (x.shape[2] + 2 * self.padding - self.kernel) // self.stride + 1
        return y.unflatten(2, (height, -1))


def conv(kind, ci, co, kernel, stride=1, padding=0):
    if kind == "adder":
        return AdderConv2d(ci, co, kernel, stride, padding)
    return nn.Conv2d(ci, co, kernel, stride, padding, bias=False)


class Block(nn.Module):
    def __init__(self, kind, ci, co, stride):
        super().__init__()
        self.body = nn.Sequential(
            *[conv(kind, ci, co, 3, stride, 1), nn.BatchNorm2d(co), nn.ReLU(inplace=True)],
            *[conv(kind, co, co, 3, 1, 1), nn.BatchNorm2d(co)],
        )
        same = ci == co and stride == 1
        self.shortcut = nn.Identity() if same else nn.Sequential(conv(kind, ci, co, 1, stride), nn.BatchNorm2d(co))

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x), inplace=True)


def resnet20(kind):
    blocks, channels = [], 16
    for co, stride in [(16, 1), (32, 2), (64, 2)]:
        for i in range(3):
            blocks.append(Block(kind, channels, co, stride if i == 0 else 1))
            channels = co
    return nn.Sequential(
        *[nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)],
        *blocks,
        *[nn.AdaptiveAvgPool2d(1), nn.Conv2d(64, 10, 1, bias=False), nn.BatchNorm2d(10), nn.Flatten()],
    )


class Trainer:
    def __init__(self, kind, batch):
        torch.manual_seed(1)
        self.model = resnet20(kind).train()
        self.adders = [p for module in self.model.modules() if isinstance(module, AdderConv2d) for p in module.parameters()]
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9, weight_decay=5e-4)
        self.x = torch.randn(batch, 3, 32, 32)
        self.targets = torch.arange(batch) % 10

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(self.model(self.x), self.targets).backward()
        for filters in self.adders:  # the adaptive rate, eta sqrt(k) / |g|, with eta 0.2
            filters.grad.mul_(0.2 * filters.numel() ** 0.5 / filters.grad.norm())
        self.optimizer.step()


def main():
    torch.set_num_threads(int(sys.argv[1]))
    trainers = {}
    print(json.dumps({"torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        kind, batch, steps = line.split()
        key = kind, int(batch)
        if key not in trainers:
            trainers[key] = Trainer(*key)
        seconds = []
        for _ in range(int(steps)):
            began = time.perf_counter()
            trainers[key].step()
            seconds.append(time.perf_counter() - began)
        print(json.dumps(seconds), flush=True)


main()
