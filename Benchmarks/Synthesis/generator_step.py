"""The networks of `assay synth train` in PyTorch, and the seconds of each of their training steps.

usage: generator_step.py STEPS THREADS BATCH SIDE CHANNELS CLASSES
The same layers, losses, augmentation and optimisers as Sources/Synthesis; random windows stand for real ones, which does
not change what a step costs. Channels-last, as PyTorch advises for convolutions on processors.
"""
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

steps, threads, batch, side, channels, classes = map(int, sys.argv[1:])
torch.set_num_threads(threads)
torch.manual_seed(0)
LATENT, EMBEDDING, BOUND, HEADS = 64, 16, 2.5, 16
conditions, shown = 2 + channels, channels + 1
widths = []
size = 4
while size <= side:
    widths.append([128, 96, 64, 48, 32][min(len(widths), 4)])
    size *= 2
down = []
size = side // 2
while size >= 4:
    down.append([32, 64, 96, 128, 128, 128][min(len(down), 5)])
    size //= 2


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        style = LATENT + EMBEDDING
        self.embedding = nn.Linear(classes, EMBEDDING, bias=False)
        self.start = nn.Linear(style, widths[0] * 16)
        inputs = [widths[0]] + widths[:-1]
        self.convolutions = nn.ModuleList(nn.Conv2d(i, o, 3, padding=1, bias=False) for i, o in zip(inputs, widths))
        self.places = nn.ModuleList(nn.Conv2d(conditions, o, 3, padding=1, bias=False) for o in widths)
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for o in widths)
        self.scales = nn.ModuleList(nn.Linear(style, o) for o in widths)
        self.shifts = nn.ModuleList(nn.Linear(style, o) for o in widths)
        self.head = nn.Conv2d(widths[-1], HEADS, 3, padding=1)
        self.head_place = nn.Conv2d(conditions, HEADS, 3, padding=1, bias=False)

    def forward(self, latent, labels, place):
        style = torch.cat([latent, self.embedding(labels)], 1)
        y = self.start(style).view(-1, widths[0], 4, 4).contiguous(memory_format=torch.channels_last)
        for level in range(len(widths)):
            if level > 0:
                y = F.interpolate(y, scale_factor=2)
            small = F.avg_pool2d(place, side // y.shape[-1]) if y.shape[-1] < side else place
            y = self.norms[level](self.convolutions[level](y) + self.places[level](small))
            y = F.leaky_relu(
                y * self.scales[level](style)[:, :, None, None] + self.shifts[level](style)[:, :, None, None], 0.2)
        heads = self.head(y) + self.head_place(place)
        return BOUND * torch.tanh(heads[:, :channels]), torch.sigmoid(
            heads[:, channels:channels + 1] + 6 * (place[:, :1] - 0.5))


class Discriminator(nn.Module):
    def __init__(self):
        super().__init__()
        stages, inputs = [], shown
        for width in down:
            stages += [spectral_norm(nn.Conv2d(inputs, width, 4, 2, 1)), nn.LeakyReLU(0.2)]
            inputs = width
        self.features = nn.Sequential(
            *stages, spectral_norm(nn.Conv2d(inputs, inputs, 3, 1, 1)), nn.LeakyReLU(0.2))
        self.score = spectral_norm(nn.Linear(inputs, 1))
        self.projection = spectral_norm(nn.Linear(classes, inputs, bias=False))

    def forward(self, x, labels):
        features = self.features(x).sum((2, 3))
        return self.score(features) + (features * self.projection(labels)).sum(1, keepdim=True)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        stages, inputs = [], shown
        for width in down:
            stages += [nn.Conv2d(inputs, width, 4, 2, 1), nn.LeakyReLU(0.2)]
            inputs = width
        self.features = nn.Sequential(*stages)
        self.mean, self.log_variance = nn.Linear(inputs * 16, LATENT), nn.Linear(inputs * 16, LATENT)

    def forward(self, x):
        flat = self.features(x).flatten(1)
        return self.mean(flat), self.log_variance(flat)


def augmented(x):
    """Shifts, mirrors, gain and a blank square, each window its own."""
    moved = torch.zeros_like(x)
    factor = torch.ones_like(x)
    for n in range(x.shape[0]):
        dx, dy = (int(v) for v in torch.randint(-side // 8, side // 8 + 1, (2,)))
        image = x[n].flip(2) if torch.rand(1) < 0.5 else x[n]
        moved[n, :, max(0, dy):side + min(0, dy), max(0, dx):side + min(0, dx)] = image[
            :, max(0, -dy):side + min(0, -dy), max(0, -dx):side + min(0, -dx)]
        factor[n, :channels] *= 1 + 0.3 * (2 * float(torch.rand(1)) - 1)
        left, top = (int(v) for v in torch.randint(0, side, (2,)))
        factor[n, :, max(0, top - side // 8):top + side // 8, max(0, left - side // 8):left + side // 8] = 0
    return moved * factor


generator, discriminator, encoder = (
    net.to(memory_format=torch.channels_last) for net in (Generator(), Discriminator(), Encoder()))
average = [p.detach().clone() for p in generator.parameters()]
optimizers = [torch.optim.Adam(generator.parameters(), 2e-4, (0.0, 0.99)),
              torch.optim.Adam(discriminator.parameters(), 4e-4, (0.0, 0.99)),
              torch.optim.Adam(encoder.parameters(), 4e-4, (0.9, 0.99))]
layout = dict(memory_format=torch.channels_last)
real = torch.randn(batch, shown, side, side).mul_(0.3).contiguous(**layout)
place = torch.randn(batch, conditions, side, side).contiguous(**layout)
place[:, :1] = (place[:, :1] > 1).float()
reach = (F.max_pool2d(place[:, :1], 5, 1, 2) > 0.05).float()
labels = F.one_hot(torch.arange(batch) % classes, classes).float()


def paint(latent):
    look, cover = generator(latent, labels, place)
    cover = cover * reach
    part = place[:, 1:1 + channels]
    return torch.cat([part + (look - part) * cover, cover], 1), cover


def step(number):
    with torch.no_grad():
        painted, _ = paint(torch.randn(batch, LATENT))
    loss = F.relu(1 - discriminator(augmented(real), labels)).mean() + F.relu(
        1 + discriminator(augmented(painted), labels)).mean()
    optimizers[1].zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(discriminator.parameters(), 10)
    optimizers[1].step()
    for p in discriminator.parameters():
        p.requires_grad_(False)
    painted, cover = paint(torch.randn(batch, LATENT))
    total = -discriminator(augmented(painted), labels).mean() + 4 * F.mse_loss(cover, place[:, :1])
    if number % 2 == 0:
        mean, log_variance = encoder(real)
        look, again = generator(mean + torch.exp(log_variance / 2) * torch.randn_like(mean), labels, place)
        weights = reach + 0.01
        total = total + 5 * ((look - real[:, :channels]).abs() * weights).sum() / weights.sum() / channels
        total = total + 20 * F.mse_loss(again * reach, place[:, :1])
        total = total + 0.01 * 0.5 * (mean ** 2 + log_variance.exp() - log_variance - 1).sum(1).mean()
    optimizers[0].zero_grad()
    optimizers[2].zero_grad()
    total.backward()
    nn.utils.clip_grad_norm_(generator.parameters(), 10)
    optimizers[0].step()
    if number % 2 == 0:
        nn.utils.clip_grad_norm_(encoder.parameters(), 10)
        optimizers[2].step()
    for p in discriminator.parameters():
        p.requires_grad_(True)
    with torch.no_grad():
        for a, p in zip(average, generator.parameters()):
            a.lerp_(p, 0.002)


print("#", sum(p.numel() for p in generator.parameters()), sum(p.numel() for p in discriminator.parameters()),
      sum(p.numel() for p in encoder.parameters()))
for number in range(steps):
    start = time.perf_counter()
    step(number)
    print(time.perf_counter() - start)
