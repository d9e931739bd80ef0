"""Whether three ways to the same model agree: the training's own evaluation, `assay inspect`, and ONNX Runtime on
Assay's prepared input.

usage: parity.py MODEL INPUTS.safetensors DECISIONS.jsonl PREDICTIONS.csv
  assay train SET --out M.onnx --predictions P.csv        (training's evaluation of the test split)
  assay inspect SET/test --model M.onnx --out DIR         (DIR/decisions.jsonl)
  assay model inputs SET/test --model M.onnx --out I      (prepared inputs)
A set with a manifest gives its own path in place of SET/test; of its parts only those of the test split are compared.
"""
import csv
import sys

import numpy as np
import onnxruntime as ort
from safetensors.numpy import load_file

from decisions import Rules, stem

model, inputs, decisions, predictions = sys.argv[1:5]
session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
rules = Rules(session)
ours = rules.decisions(decisions)
training = {}
with open(predictions, newline="") as file:
    rows = csv.reader(file)
    assert next(rows)[1:] == rules.labels
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
    judged, scores = ours[key]
    runtime = session.run(["probabilities"], {"image": x})[0][0]
    worst["runtime/inspect"] = max(worst["runtime/inspect"], np.abs(runtime - scores).max())
    worst["training/inspect"] = max(worst["training/inspect"], np.abs(training[key] - scores).max())
    flips += len({judged} | {rules.verdict(p) for p in (runtime, scores, training[key])}) > 1
print(f"{seen} parts of {len(training)}; largest differences {worst}; different verdicts: {flips}")
sys.exit(0 if seen == len(training) and max(worst.values()) <= 1e-4 and flips == 0 else 1)
