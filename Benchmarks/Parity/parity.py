"""Whether three ways to the same model agree: the training's own evaluation, `assay inspect`, and ONNX Runtime on
Assay's prepared input.

usage: parity.py MODEL INPUTS.safetensors DECISIONS.jsonl PREDICTIONS.csv
  assay train SET --out M.onnx --predictions P.csv        (training's evaluation of the test split)
  assay inspect SET/test --model M.onnx --out DIR         (DIR/decisions.jsonl)
  assay model inputs SET/test --model M.onnx --out I      (prepared inputs)
A set with a manifest gives its own path in place of SET/test; of its parts only those of the test split are compared.
"""
import csv
import json
import sys

import numpy as np
import onnxruntime as ort
from safetensors.numpy import load_file

model, inputs, decisions, predictions = sys.argv[1:5]
session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
labels = json.loads(session.get_modelmeta().custom_metadata_map["assay.labels"])
thresholds = json.loads(session.get_modelmeta().custom_metadata_map["assay.thresholds"])
good = session.get_modelmeta().custom_metadata_map.get("assay.good")


def verdict(p):
    """Decision and label that these probabilities lead to, by the model's own thresholds."""
    defects = [i for i, label in enumerate(labels) if label != good]
    leading = max(defects, key=lambda i: p[i])
    if good is None:
        return ("reject" if p[leading] >= thresholds["confidence"] else "review", labels[leading])
    s = 1 - p[labels.index(good)]
    if s < thresholds["review"]:
        return "accept", good
    return ("review" if s < thresholds["reject"] else "reject", labels[leading])




def stem(name):
    """Folder and name: ids are relative to whatever was given to each command."""
    return "/".join(name.rsplit(".", 1)[0].split("/")[-2:])



ours, verdicts = {}, {}
for line in open(decisions):
    decision = json.loads(line)
    verdicts[stem(decision["id"])] = (decision["decision"], decision["label"])
    ours[stem(decision["id"])] = np.array([decision["scores"][label] for label in labels])
training = {}
with open(predictions, newline="") as file:
    rows = csv.reader(file)
    assert next(rows)[1:] == labels
    for row in rows:
        training[stem(row[0])] = np.array(row[1:], dtype=np.float64)
worst = {"training/inspect": 0.0, "runtime/inspect": 0.0}
flips = 0
seen = 0
for name, x in load_file(inputs).items():
    key = stem(name)
    if key not in training:
        continue
    seen += 1
    runtime = session.run(["probabilities"], {"image": x})[0][0]
    worst["runtime/inspect"] = max(worst["runtime/inspect"], np.abs(runtime - ours[key]).max())
    worst["training/inspect"] = max(worst["training/inspect"], np.abs(training[key] - ours[key]).max())
    flips += len({verdicts[key]} | {verdict(p) for p in (runtime, ours[key], training[key])}) > 1
print(f"{seen} parts of {len(training)}; largest differences {worst}; different verdicts: {flips}")
sys.exit(0 if seen == len(training) and max(worst.values()) <= 1e-4 and flips == 0 else 1)
