"""The PyTorch side of the comparison: the same networks with the same names as in `Sources/TrainingStep`.

usage: training_step.py NETWORK STEPS THREADS BATCH SIZE [bf16]
  prints the milliseconds of each training step, one a line, after a warm-up: forward, backward, optimiser, all, and the
  processor's time for all.
usage: training_step.py NETWORK STEPS THREADS BATCH SIZE [bf16] FILE
  writes its first weights and some batches to FILE (safetensors), trains on these in turns and prints each step's loss.
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


class NEUNetwork(nn.Module):
    channels, classes = 1, 6

    def __init__(self, size):
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


class Attention(nn.Module):
    """F.scaled_dot_product_attention of a packed projection, which on the processor is quicker than
    nn.MultiheadAttention, whose fast path is for inference only."""

    def __init__(self, features, heads):
        super().__init__()
        self.qkv = nn.Linear(features, 3 * features)
        self.proj = nn.Linear(features, features)
        self.heads = heads

    def forward(self, x):
        batch, tokens, features = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(batch, tokens, features))


class TransformerBlock(nn.Module):
    def __init__(self, features, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(features)
        self.attn = Attention(features, heads)
        self.norm2 = nn.LayerNorm(features)
        self.fc1 = nn.Linear(features, 4 * features)
        self.fc2 = nn.Linear(4 * features, features)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class Patches(nn.Module):
    def __init__(self, channels, features, size, rows, columns):
        super().__init__()
        self.proj = nn.Conv2d(channels, features, size, size)
        self.positions = nn.Parameter(0.02 * torch.randn(1, features, rows, columns))

    def forward(self, x):
        return (self.proj(x) + self.positions).flatten(2).transpose(1, 2)


class VisionTransformer(nn.Module):
    channels, classes = 1, 6

    def __init__(self, size):
        super().__init__()
        self.stem = nn.ModuleList([unit(1, 16, 5, 2), unit(16, 32, 3, 2), unit(32, 64, 3, 2)])
        self.patches = Patches(64, 128, 2, size // 16, size // 16)
        self.blocks = nn.Sequential(*[TransformerBlock(128, 4) for _ in range(6)])
        self.norm = nn.LayerNorm(128)
        self.lateral = unit(64, 48, 1)
        self.top = unit(128, 48, 1)
        self.fuse = unit(48, 48, 3)
        self.head = nn.Linear(2 * 48 + 128, 6)

    def forward(self, x):
        for stage in self.stem:
            x = F.relu_(stage(x))
        tokens = self.norm(self.blocks(self.patches(x)))
        height, width = x.shape[2] // 2, x.shape[3] // 2
        # Tokens are channels-last already: this is a view.
        deep = tokens.view(tokens.shape[0], height, width, -1).permute(0, 3, 1, 2)
        up = F.interpolate(self.top(deep), size=x.shape[2:], mode="nearest")
        neck = F.relu_(self.fuse(F.relu_(self.lateral(x) + up)))
        return self.head(torch.cat([neck.mean((2, 3)), neck.amax((2, 3)), tokens.mean(1)], 1))


def make(name, size):
    if name == "resnet18":
        import torchvision
        network = torchvision.models.resnet18(num_classes=10)
        network.channels, network.classes = 3, 10
        return network
    return {"neu": NEUNetwork, "vit": VisionTransformer}[name](size)


def main():
    arguments = [a for a in sys.argv[1:] if a != "bf16"]
    precision = torch.autocast("cpu", torch.bfloat16, enabled="bf16" in sys.argv)
    name = arguments[0]
    steps, threads, batch, size = (int(a) for a in arguments[1:5])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    network = make(name, size).to(memory_format=torch.channels_last)
    # Weight decay as Assay has it: on matrices and kernels alone.
    named = list(network.named_parameters())
    decays = [p for n, p in named if p.dim() > 1 and not n.endswith("positions")]
    rest = [p for n, p in named if p.dim() <= 1 or n.endswith("positions")]
    optimizer = torch.optim.AdamW(
        [{"params": decays}, {"params": rest, "weight_decay": 0.0}], lr=1e-3, weight_decay=1e-4)
    classes, channels = network.classes, network.channels
    if len(arguments) > 5:
        from safetensors.torch import save_file
        count = 4
        images = torch.randn(count * batch, channels, size, size)
        labels = torch.arange(count * batch) % classes
        # Something to learn: each class has a pattern of its own.
        images += 0.2 * torch.randn(classes, channels, size, size)[labels]
        tensors = {k: v.contiguous() for k, v in network.state_dict().items() if v.dtype == torch.float32}
        save_file({**tensors, "images": images, "labels": labels.float()}, arguments[5])
        for step in range(steps):
            part = slice(step % count * batch, (step % count + 1) * batch)
            with precision:
                loss = F.cross_entropy(network(images[part].to(memory_format=torch.channels_last)), labels[part])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            print(loss.item())
        return
    images = torch.randn(batch, channels, size, size).to(memory_format=torch.channels_last)
    labels = torch.arange(batch) % classes
    for step in range(steps + 5):
        processor = time.process_time()
        start = time.perf_counter()
        with precision:
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
