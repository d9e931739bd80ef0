"""Writes operations.safetensors: PyTorch's values and gradients of every operation, in double precision.

Made with PyTorch 2.15.0, safetensors 0.8.0, NumPy 2.4.6; run it in this folder to make the file again. The inputs are
numbers(count, seed) on both sides; the loss is the sum of the result times numbers(count, 999).
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


def case(name, operation, *inputs):
    """Records value and gradients of `operation` on inputs (shape, seed, low, high)."""
    leaves = [tensor(*i).requires_grad_() for i in inputs]
    y = operation(*leaves)
    projection = torch.ones(1) if y.numel() == 1 else tensor((y.numel(),), 999)
    (y.flatten() * projection).sum().backward()
    goldens[name] = y.detach().float().contiguous().numpy()
    for i, leaf in enumerate(leaves):
        goldens[f"{name}.gradient{i}"] = leaf.grad.float().contiguous().numpy()


image = ((2, 16, 7, 6), 1)
case("convolution", lambda x, w, b: F.conv2d(x, w, b, padding=1), image, ((16, 16, 3, 3), 2), ((16,), 3))
case("convolution without bias", lambda x, w: F.conv2d(x, w, padding=1), image, ((16, 16, 3, 3), 2))
case("thin convolution", lambda x, w: F.conv2d(x, w, stride=2, padding=2), ((2, 1, 11, 12), 1), ((16, 1, 5, 5), 2))
case("grouped convolution", lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1, dilation=2, groups=3),
     ((2, 6, 7, 6), 1), ((9, 2, 3, 3), 2), ((9,), 3))
case("transposed convolution",
     lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1),
     ((2, 16, 4, 3), 1), ((16, 16, 3, 3), 2), ((16,), 3))
case("grouped transposed convolution",
     lambda x, w, b: F.conv_transpose2d(x, w, b, stride=3, output_padding=2, groups=2, dilation=2),
     ((2, 6, 4, 3), 1), ((6, 2, 3, 3), 2), ((4,), 3))
case("dense", F.linear, ((3, 11), 1), ((5, 11), 2), ((5,), 3))

mean, variance = tensor((16,), 5), tensor((16,), 6, 0.5, 2)


def normalized(x, scale, shift, residual):
    y = F.batch_norm(x, mean, variance, scale, shift, training=True, momentum=0.1)
    return F.relu(y + residual)


case("batch normalization", normalized, image, ((16,), 2, 0.5, 2), ((16,), 3), ((2, 16, 7, 6), 4))
goldens["batch normalization.mean"] = mean.float().numpy()
goldens["batch normalization.variance"] = variance.float().numpy()
case("layer normalization", lambda x, a, b: F.layer_norm(x, (11,), a, b), ((3, 11), 1), ((11,), 2), ((11,), 3))
case("group normalization", lambda x, a, b: F.group_norm(x, 4, a, b), image, ((16,), 2), ((16,), 3))
case("instance normalization", lambda x, a, b: F.instance_norm(x, weight=a, bias=b), image, ((16,), 2), ((16,), 3))


def attention(qkv, heads):
    batch, tokens, width = qkv.shape
    q, k, v = qkv.view(batch, tokens, 3, heads, width // 3 // heads).permute(2, 0, 3, 1, 4)
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)


def attention_module(x, w, b, p, c):
    """nn.MultiheadAttention, whose packed projection has the same order, with 4 heads."""
    module = torch.nn.MultiheadAttention(16, 4, batch_first=True, dtype=torch.float64)
    weights = {"in_proj_weight": w, "in_proj_bias": b, "out_proj.weight": p, "out_proj.bias": c}
    return torch.func.functional_call(module, weights, (x, x, x), {"need_weights": False})[0]


row = ((2, 9, 16), 1)
case("layer normalization of tokens", lambda x, a, b: F.layer_norm(x, (16,), a, b), row, ((16,), 2), ((16,), 3))
case("attention", lambda x: attention(x, 2), ((2, 9, 48), 1, -2, 2))
case("long attention", lambda x: attention(x, 1), ((1, 70, 24), 1, -2, 2))
case("attention module", attention_module, row, ((48, 16), 2), ((48,), 3), ((16, 16), 4), ((16,), 5))
case("dense gelu", lambda x, w, b: F.gelu(F.linear(x, w, b)), row, ((24, 16), 2), ((24,), 3))
case("dense residual", lambda x, w, b, r: F.linear(x, w, b) + r, row, ((24, 16), 2), ((24,), 3), ((2, 9, 24), 4))
case("patches", lambda x, w, b, p: F.conv2d(x, w, b, 2).flatten(2).transpose(1, 2) + p,
     ((2, 16, 4, 6), 1), ((16, 16, 2, 2), 2), ((16,), 3), ((1, 6, 16), 4))
case("token mean", lambda x: x.mean(1), row)

small = ((2, 5, 7, 6), 1)
case("maximum pooling", lambda x: F.max_pool2d(x, 3, 2, 1), small)
case("average pooling", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), small)
case("global average", lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1), small)
case("global maximum", lambda x: F.adaptive_max_pool2d(x, 1).flatten(1), small)
for size in [(14, 12), (4, 9)]:
    case(f"nearest {size[0]}x{size[1]}", lambda x: F.interpolate(x, size, mode="nearest-exact"), small)
    case(f"linear {size[0]}x{size[1]}",
         lambda x: F.interpolate(x, size, mode="bilinear", align_corners=False), small)

wide = ((2, 5, 3, 4), 1, -6, 6)
case("relu", F.relu, wide)
case("leaky relu", lambda x: F.leaky_relu(x, 0.2), wide)
case("silu", F.silu, wide)
case("gelu", F.gelu, wide)
case("sigmoid", torch.sigmoid, wide)
case("tanh", torch.tanh, wide)
case("softmax", lambda x: F.softmax(x, 1), wide)

soft = F.softmax(tensor((2, 5, 3, 4), 7, -2, 2), 1).float().double()
goldens["soft targets"] = soft.float().numpy()
class_weights = tensor((5,), 3, 0.2, 2)
labels = torch.tensor([0, 4, -1, 2, 2, 1, 3, 0, 4, 4, -1, 1, 0, 0, 1, 2, -1, 3, 3, 4, 2, 1, 0, 2]).reshape(2, 3, 4)
unit = tensor((2, 5, 3, 4), 2, 0, 1)
hard = (unit > 0.6).double()
logits = ((2, 5, 3, 4), 1, -4, 4)
case("cross entropy of probabilities", lambda x: F.cross_entropy(x, soft, weight=class_weights), logits)
for smoothing in [0, 0.1]:
    case(f"cross entropy of labels {smoothing}",
         lambda x: F.cross_entropy(x, labels, weight=class_weights, ignore_index=-1, label_smoothing=smoothing), logits)
case("binary cross entropy",
     lambda x: F.binary_cross_entropy_with_logits(x, unit, pos_weight=torch.tensor(3.0)), logits)


def focal(x):  # torchvision.ops.sigmoid_focal_loss, reduction="mean"
    p = torch.sigmoid(x)
    pt = p * hard + (1 - p) * (1 - hard)
    loss = F.binary_cross_entropy_with_logits(x, hard, reduction="none") * (1 - pt) ** 2
    return ((0.25 * hard + 0.75 * (1 - hard)) * loss).mean()


def dice(x):
    p = torch.sigmoid(x)
    return (1 - (2 * (p * hard).sum((2, 3)) + 1) / (p.sum((2, 3)) + hard.sum((2, 3)) + 1)).mean()


case("focal", focal, logits)
case("dice", dice, logits)
case("hinge", lambda x: F.relu(1 - x * (2 * hard - 1)).mean(), logits)
case("absolute error", lambda x: F.l1_loss(x, unit), logits)
case("squared error", lambda x: F.mse_loss(x, unit), logits)
case("divergence", lambda x: F.kl_div(F.log_softmax(x, 1), soft, reduction="sum") / 24, logits)

save_file(goldens, "operations.safetensors", {"made by": "make_goldens.py", "torch": torch.__version__})
