"""Writes training.safetensors: PyTorch's optimisers, schedules and one small training, in double precision.

Made with PyTorch 2.15.0, safetensors 0.8.0, NumPy 2.4.6; run it in this folder to make the file again.
"""
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file


def numbers(count, seed, low=-1.0, high=1.0):
    """SplitMix64 from `seed`, as `numbers` of TensorsTestSupport."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    u = (z >> np.uint64(40)).astype(np.float32) * np.float32(2**-24)
    low, high = np.float32(low), np.float32(high)
    return (low + (high - low) * u).astype(np.float32)


def tensor(shape, seed, low=-1.0, high=1.0):
    return torch.from_numpy(numbers(int(np.prod(shape)), seed, low, high)).double().reshape(shape)


goldens = {}
methods = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.1),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=0.1, nesterov=True),
    "plain sgd": lambda p: torch.optim.SGD(p, lr=0.05),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.05, alpha=0.99, weight_decay=0.1),
    "adam": lambda p: torch.optim.Adam(p, lr=0.05, weight_decay=0.1),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.05, weight_decay=0.1),
}
for name, method in methods.items():
    weight = tensor((3, 4), 1).requires_grad_()
    optimizer = method([weight])
    path = []
    for step in range(10):
        weight.grad = tensor((3, 4), 100 + step)
        torch.nn.utils.clip_grad_norm_([weight], 2.0)
        optimizer.step()
        path.append(weight.detach().clone())
    goldens[name] = torch.stack(path).float().numpy()


def rates(schedule, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
    schedule = schedule(optimizer)
    path = []
    for _ in range(steps):
        path.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return np.array(path, dtype=np.float32)


s = torch.optim.lr_scheduler


def one_cycle(steps, share):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1)
    schedule = s.OneCycleLR(optimizer, 1.0, total_steps=steps, pct_start=share)
    path = [schedule.get_last_lr()[0]]
    for _ in range(steps - 1):
        optimizer.step()
        schedule.step()
        path.append(schedule.get_last_lr()[0])
    return np.array(path, dtype=np.float32)


goldens["one cycle"] = one_cycle(40, 0.3)
goldens["one cycle 10"] = one_cycle(10, 0.2)
goldens["cosine"] = rates(lambda o: s.CosineAnnealingLR(o, 19, 0.1), 20)
goldens["step"] = rates(lambda o: s.StepLR(o, 4, 0.3), 20)
goldens["warm-up"] = rates(
    lambda o: s.SequentialLR(
        o, [s.LinearLR(o, 1 / 5, 1, 4), s.CosineAnnealingLR(o, 14, 0)], [5]), 20)


# The small training: two residual units on random pictures.
class Unit(torch.nn.Module):
    def __init__(self, inputs, outputs, seed):
        super().__init__()
        self.convolution = torch.nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.normalization = torch.nn.BatchNorm2d(outputs)
        bound = (6 / (9 * inputs)) ** 0.5
        self.convolution.weight.data = tensor((outputs, inputs, 3, 3), seed, -bound, bound)

    def forward(self, x):
        return self.normalization(self.convolution(x))


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.first, self.second = Unit(1, 16, 11), Unit(16, 16, 12), Unit(16, 16, 13)
        self.head = torch.nn.Linear(32, 3)
        self.head.weight.data = tensor((3, 32), 14, -0.3, 0.3)
        self.head.bias.data = torch.zeros(3)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.stem(x)), 2)
        x = F.relu(self.second(F.relu(self.first(x))) + x)
        return self.head(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))


network = Network().double()
decays = [p for n, p in network.named_parameters() if n.endswith("weight") and "normalization" not in n]
rest = [p for n, p in network.named_parameters() if not (n.endswith("weight") and "normalization" not in n)]
optimizer = torch.optim.AdamW([{"params": decays}, {"params": rest, "weight_decay": 0.0}], lr=0.01, weight_decay=0.05)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.01, total_steps=12)
images, labels = tensor((8, 1, 12, 12), 21), torch.arange(8) % 3
losses, norms = [], []
for step in range(10):
    optimizer.zero_grad()
    loss = F.cross_entropy(network(images), labels, label_smoothing=0.1)
    loss.backward()
    norms.append(torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0).item())
    losses.append(loss.item())
    # OneCycleLR also moves beta 1 unless told not to; the rate alone is wanted.
    for group in optimizer.param_groups:
        group["betas"] = (0.9, 0.999)
    optimizer.step()
    schedule.step()
goldens["losses"] = np.array(losses, dtype=np.float32)
goldens["norms"] = np.array(norms, dtype=np.float32)
goldens["running mean"] = network.second.normalization.running_mean.float().numpy()
goldens["running variance"] = network.second.normalization.running_var.float().numpy()
# A transformer block with normalisation first; every parameter drawn, in the order of the layer's own visitor.
block = torch.nn.TransformerEncoderLayer(
    24, 3, 48, dropout=0, activation="gelu", batch_first=True, norm_first=True, dtype=torch.float64)
order = ["norm1.weight", "norm1.bias", "self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight",
         "self_attn.out_proj.bias", "norm2.weight", "norm2.bias", "linear1.weight", "linear1.bias", "linear2.weight",
         "linear2.bias"]
parameters = dict(block.named_parameters())
for seed, name in enumerate(order, 40):
    parameters[name].data = tensor(parameters[name].shape, seed, -0.5, 0.5)
tokens = tensor((2, 7, 24), 30).requires_grad_()
result = block(tokens)
(result.flatten() * tensor((result.numel(),), 999)).sum().backward()
goldens["block"] = result.detach().float().numpy()
goldens["block.gradient"] = tokens.grad.float().numpy()
for index, name in enumerate(order):
    goldens[f"block.gradient.{index}"] = parameters[name].grad.float().numpy()
goldens["scalar"] = np.array(2.5, dtype=np.float32)
goldens["empty"] = np.zeros((0, 3), dtype=np.float32)
save_file(goldens, "training.safetensors", {"made by": "make_goldens.py", "quote": 'a "quoted" line\n', "ä": "ö"})
