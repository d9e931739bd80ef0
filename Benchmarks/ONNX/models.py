"""Exports torchvision's networks with random weights, and ONNX Runtime's answers, in the form of cases.py.

usage: models.py FOLDER [NAME...]
Needs a Python with torch, torchvision, onnx and onnxruntime (2.15, 0.29, 1.23.2 and 1.31.1 were used). Then:
  .build/release/Conformance FOLDER --executor
"""
import logging
import pathlib
import sys
import warnings

import onnx
import onnxruntime
import torch
import torchvision
from onnx import numpy_helper

STANDARD = """resnet18 vit_b_16 swin_t swin_v2_t convnext_tiny deeplabv3_mobilenet_v3_large lraspp_mobilenet_v3_large
mobilenet_v3_small efficientnet_b0 shufflenet_v2_x1_0 maxvit_t regnet_y_400mf densenet121 inception_v3""".split()


class FirstOutput(torch.nn.Module):
    """A segmenter's main output alone."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return self.network(x)["out"]


def build(name):
    segments = name.startswith(("deeplab", "lraspp", "fcn"))
    options = {"weights": None}
    if segments:
        options.update(weights_backbone=None, num_classes=4)
    if name in ("inception_v3", "googlenet"):
        options.update(aux_logits=False, init_weights=False)
    network = torchvision.models.get_model(name, **options).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return (FirstOutput(network).eval(), 128) if segments else (network, 224)


warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
torch.manual_seed(0)
target = pathlib.Path(sys.argv[1])
rows = []
for name in sys.argv[2:] or STANDARD:
    network, size = build(name)
    x = torch.randn(1, 3, size, size)
    data = target / name / "test_data_set_0"
    data.mkdir(parents=True, exist_ok=True)
    path = str(target / name / "model.onnx")
    torch.onnx.export(network, (x,), path, opset_version=17, dynamo=False, input_names=["x"], output_names=["y"])
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for index, y in enumerate(session.run(None, {"x": x.numpy()})):
        (data / f"output_{index}.pb").write_bytes(numpy_helper.from_array(y).SerializeToString())
    (data / "input_0.pb").write_bytes(numpy_helper.from_array(x.numpy()).SerializeToString())
    print(f"{name}: {len(onnx.load(path).graph.node)} nodes", flush=True)
    rows.append((name, "(models)", 1e-3, 1e-4))
(target / "cases.tsv").write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
