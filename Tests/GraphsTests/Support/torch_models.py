"""Exports networks from PyTorch at several opsets, with an input and ONNX Runtime's outputs, for `foreignModels`.

    python3 torch_models.py /tmp/models        # torch 2.15, onnx 1.23.2, onnxruntime 1.31.1
"""
import os, sys
import onnxruntime, torch
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.a, self.n = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.b, self.m = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        skip = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))
        self.skip = skip if stride != 1 or i != o else nn.Identity()

    def forward(self, x):
        return F.relu(self.m(self.b(F.relu(self.n(self.a(x))))) + self.skip(x))


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.c, self.n = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        blocks, i = [], 64
        for o, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
            blocks += [Block(i, o, stride), Block(o, o, 1)]
            i = o
        self.blocks, self.f = nn.Sequential(*blocks), nn.Linear(512, 1000)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.n(self.c(x))), 3, 2, 1)
        return self.f(torch.flatten(F.adaptive_avg_pool2d(self.blocks(x), 1), 1))


class Gate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.a, self.b = nn.Conv2d(c, c // 4, 1), nn.Conv2d(c // 4, c, 1)

    def forward(self, x):
        return x * F.hardsigmoid(self.b(F.relu(self.a(F.adaptive_avg_pool2d(x, 1)))))


def inverted(i, h, o, k, stride):
    return nn.Sequential(
        nn.Conv2d(i, h, 1, bias=False), nn.BatchNorm2d(h), nn.Hardswish(),
        nn.Conv2d(h, h, k, stride, k // 2, groups=h, bias=False), nn.BatchNorm2d(h), nn.Hardswish(),
        Gate(h), nn.Conv2d(h, o, 1, bias=False), nn.BatchNorm2d(o))


class Mobile(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.SiLU())
        self.b, self.c = inverted(16, 48, 24, 3, 2), inverted(24, 72, 24, 5, 1)
        self.f = nn.Sequential(nn.Linear(24, 64), nn.GELU(), nn.Dropout(0.1), nn.LayerNorm(64), nn.Linear(64, 7))

    def forward(self, x):
        x = self.b(self.stem(x))
        return F.softmax(self.f((x + self.c(x)).mean((2, 3))), 1)


def step(i, o, stride=1):
    return nn.Sequential(nn.Conv2d(i, o, 3, stride, 1), nn.InstanceNorm2d(o, affine=True), nn.LeakyReLU(0.2))


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b, self.d = step(1, 16), step(16, 32, 2), step(32, 48, 2)
        self.u, self.e, self.g = nn.ConvTranspose2d(48, 32, 4, 2, 1), step(64, 24), step(40, 16)
        self.o = nn.Conv2d(16, 3, 1)

    def forward(self, x):
        a = self.a(x)
        b = self.b(a)
        e = self.e(torch.cat([self.u(self.d(b)), b], 1))
        e = F.interpolate(e, scale_factor=2, mode="bilinear", align_corners=False)
        g = self.g(torch.cat([e, a], 1))
        y = self.o(g)
        return torch.sigmoid(y), torch.amax(y, (2, 3)), F.avg_pool2d(g, 3, 2, 1), F.interpolate(g, scale_factor=2)


torch.manual_seed(0)
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
index = open(os.path.join(folder, "index"), "w")
for name, network, shape, opsets in (
    ("resnet18", ResNet18(), (1, 3, 224, 224), (13, 17)),
    ("mobile", Mobile(), (2, 3, 96, 80), (11, 14, 17, 18)),
    ("unet", UNet(), (1, 1, 64, 48), (11, 13, 17, 18, 20)),
):
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    network.eval()
    x = torch.rand(shape)
    for opset in opsets:
        path = os.path.join(folder, "%s_%d.onnx" % (name, opset))
        torch.onnx.export(network, (x,), path, opset_version=opset, input_names=["x"],
                          dynamic_axes={"x": {0: "batch"}}, dynamo=False)
        x.numpy().tofile(path + ".in")
        for k, y in enumerate(onnxruntime.InferenceSession(path).run(None, {"x": x.numpy()})):
            y.tofile(path + ".out%d" % k)
        print("%s_%d %s" % (name, opset, ",".join(map(str, shape))), file=index)
