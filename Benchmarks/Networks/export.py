"""Writes the networks that Assay is compared on as ONNX files, with random weights and one input and output each.

usage: export.py FOLDER [NAME ...]
Needs torch, torchvision and onnx. NAME.onnx holds the network, NAME.npz an input and PyTorch's output for it.
"""
import pathlib
import sys

import numpy as np
import torch
import torchvision.models as models

networks = {
    "resnet18": (models.resnet18, 224),
    "resnet50": (models.resnet50, 224),
    "wide_resnet50_2": (models.wide_resnet50_2, 224),
    "mobilenet_v3_large": (models.mobilenet_v3_large, 224),
    "efficientnet_b0": (models.efficientnet_b0, 224),
    "convnext_tiny": (models.convnext_tiny, 224),
    "densenet121": (models.densenet121, 224),
    "vit_b_16": (models.vit_b_16, 224),
    "swin_t": (models.swin_t, 224),
    "deeplabv3_resnet50": (lambda: models.segmentation.deeplabv3_resnet50(weights_backbone=None), 256),
}


class First(torch.nn.Module):
    """Segmentation networks return a dictionary; its first value is the map."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        y = self.network(x)
        return next(iter(y.values())) if isinstance(y, dict) else y


folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name in sys.argv[2:] or networks:
    make, side = networks[name]
    torch.manual_seed(0)
    network = First(make()).eval()
    # Statistics as after training: with the initial ones, deep networks give all but constant outputs.
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.uniform_(0.5, 1.0)
                module.bias.normal_(0, 0.1)
            if isinstance(module, torch.nn.Linear) and not module.weight.any():
                module.weight.normal_(0, 0.02)
        x = torch.randn(1, 3, side, side)
        y = network(x)
    torch.onnx.export(network, (x,), str(folder / f"{name}.onnx"), input_names=["input"], output_names=["output"],
                      opset_version=17, dynamo=False, dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})
    np.savez(folder / f"{name}.npz", x=x.numpy(), y=y.numpy())
    print(name, tuple(y.shape), float(y.min()), float(y.max()), flush=True)
