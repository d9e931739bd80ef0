"""Whether three ways to the same model agree: the training's own evaluation, `assay inspect`, and ONNX Runtime on
Assay's prepared input.

usage: parity.py MODEL INPUTS.safetensors DECISIONS.jsonl PREDICTIONS.csv
  assay train SET --out M.onnx --predictions P.csv        (training's evaluation of the test split)
  assay evaluate SET --model M.onnx --out DIR             (the inspection path: DIR/decisions.jsonl)
  assay model inputs TEST.csv --model M.onnx --out I      (prepared inputs, under the same ids or paths)
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
stem = lambda name: name.rsplit(".", 1)[0]
ours, verdicts = {}, {}
for line in open(decisions):
    decision = json.loads(line)
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
    if key not in ours:
        continue
    seen += 1
    runtime = session.run(["probabilities"], {"image": x})[0][0]
    worst["runtime/inspect"] = max(worst["runtime/inspect"], np.abs(runtime - ours[key]).max())
    worst["training/inspect"] = max(worst["training/inspect"], np.abs(training[key] - ours[key]).max())
    flips += len({int(p.argmax()) for p in (runtime, ours[key], training[key])}) > 1
print(f"{seen} parts of {len(ours)}; largest differences {worst}; different arg max: {flips}")
sys.exit(0 if seen == len(ours) and max(worst.values()) <= 1e-4 and flips == 0 else 1)
