"""Whether ONNX Runtime reaches the same verdicts with a quantised model as Assay does, and how quick it is with it.

usage: int8.py FLOAT.onnx INT8.onnx INPUTS.safetensors DECISIONS.jsonl
  assay model quantize FLOAT.onnx --data SET --out INT8.onnx
  assay model inputs SET/test --model FLOAT.onnx --out INPUTS.safetensors
  assay inspect SET/test --model INT8.onnx --out DIR                      (DIR/decisions.jsonl)
A set with a manifest gives, in place of SET/test, a manifest of its test parts.

Exit code 1 where a verdict of ONNX Runtime differs from Assay's with the same file. Times are the least of several
rounds over some inputs, one at a time, on two threads.
"""
import sys
import time

import numpy as np
import onnxruntime as ort
from safetensors.numpy import load_file

from decisions import Rules, stem

ROUNDS, TIMED = 7, 40
paths, inputs, decisions = sys.argv[1:3], load_file(sys.argv[3]), sys.argv[4]


def session(path, optimizes=True):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    options.log_severity_level = 3
    if not optimizes:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


rules = Rules(session(paths[0]))
ours = rules.decisions(decisions)


def judge(run):
    return {stem(name): run.run(["probabilities"], {"image": x})[0][0] for name, x in inputs.items()
            if stem(name) in ours}


def compare(title, found, wanted):
    flips = sum(rules.verdict(found[key]) != wanted[key][0] for key in found)
    worst = max(np.abs(found[key] - wanted[key][1]).max() for key in found)
    mean = np.mean([np.abs(found[key] - wanted[key][1]).mean() for key in found])
    print(f"{title}: {len(found)} parts, {flips} other verdicts, probabilities differ by at most {worst:.4f}, "
          f"by {mean:.6f} on average")
    return flips


runs = [session(path) for path in paths]
single = {key: (rules.verdict(p), p) for key, p in judge(runs[0]).items()}
integers = judge(runs[1])
compare("ONNX Runtime int8 against its float", integers, single)
compare("ONNX Runtime int8 without its fusions against Assay's int8", judge(session(paths[1], False)), ours)
flips = compare("ONNX Runtime int8 against Assay's int8", integers, ours)

best = [float("inf")] * 2
timed = list(inputs.values())[:TIMED]
for _ in range(ROUNDS):
    for index, run in enumerate(runs):
        start = time.perf_counter()
        for x in timed:
            run.run(["probabilities"], {"image": x})
        best[index] = min(best[index], (time.perf_counter() - start) / len(timed))
print(f"ONNX Runtime {ort.__version__}: {1 / best[0]:.0f} images a second in float, {1 / best[1]:.0f} in int8 "
      f"({best[0] / best[1]:.2f} times)")
sys.exit(1 if flips else 0)
