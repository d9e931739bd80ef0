"""The PyTorch side of the comparison: milliseconds of each training step, one a line, after a warm-up: forward,
backward, optimiser, all, and the processor's time for all.

usage: training_step.py [steps] [threads] [batch] [size]
"""
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def unit(inputs, outputs, kernel, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = unit(inputs, outputs, 3, stride)
        self.second = unit(outputs, outputs, 3)
        self.shortcut = None if stride == 1 and inputs == outputs else unit(inputs, outputs, 1)
        self.stride = stride

    def forward(self, x):
        side = x
        if self.shortcut is not None:
            if self.stride == 2:
                side = F.avg_pool2d(side, 2)
            side = self.shortcut(side)
        return F.relu_(self.second(F.relu_(self.first(x))) + side)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = unit(1, 16, 5, 2)
        self.stage1 = nn.Sequential(Block(16, 32, 2))
        self.stage2 = nn.Sequential(Block(32, 48, 2), Block(48, 48, 1))
        self.stage3 = nn.Sequential(Block(48, 96, 2), Block(96, 96, 1))
        self.lateral2 = unit(48, 48, 1)
        self.lateral3 = unit(96, 48, 1)
        self.merge = unit(48, 48, 3)
        self.head = nn.Linear(2 * (48 + 96), 6)

    def forward(self, x):
        c1 = self.stage1(F.relu_(self.stem(x)))
        c2 = self.stage2(c1)
        c3 = self.stage3(c2)
        up = F.interpolate(self.lateral3(c3), size=c2.shape[2:], mode="nearest")
        d = F.relu_(self.merge(F.relu_(self.lateral2(c2) + up)))
        return self.head(torch.cat([d.mean((2, 3)), d.amax((2, 3)), c3.mean((2, 3)), c3.amax((2, 3))], 1))


def main():
    given = [int(a) for a in sys.argv[1:]]
    steps, threads, batch, size = given + [20, 2, 32, 128][len(given):]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = Network().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4)
    images = torch.randn(batch, 1, size, size).to(memory_format=torch.channels_last)
    labels = torch.arange(batch) % 6
    for step in range(steps + 5):
        processor = time.process_time()
        start = time.perf_counter()
        loss = F.cross_entropy(network(images), labels)
        forward = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        backward = time.perf_counter()
        optimizer.step()
        end = time.perf_counter()
        busy = time.process_time() - processor
        if step >= 5:
            print(*(f"{1000 * t:.3f}" for t in (forward - start, backward - forward, end - backward, end - start, busy)))
    print(f"# loss {loss.item():.4f}, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
