"""Compares Assay with ONNX Runtime and OpenVINO on the networks of export.py (or quantize.py): first the outputs, then the times.

usage: compare.py FOLDER [--rounds N] [--runs N] [--threads N] [--only NAME,NAME] [--outputs] [--precision bf16]
                  [--onednn3 FOLDER] [--json FILE] [--part TITLE]
Needs onnxruntime and openvino; builds the Swift side first. The peers take turns, so that all of them meet the same
load; the figure is the median over all runs of all rounds. `--onednn3` names a folder with oneDNN 3's include/ and lib/,
with which Assay is built a second time and runs as one more peer. `--json` appends all times to a file for report.py.
With `--precision bf16` Assay and OpenVINO compute in bfloat16, which ONNX Runtime cannot on this kind of processor: it
stays in single precision.
Exit code 1 where a network could not be run or its output is not like ONNX Runtime's.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

here = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("folder", type=pathlib.Path)
for name, standard in [("rounds", 5), ("runs", 15), ("threads", 2)]:
    parser.add_argument("--" + name, type=int, default=standard)
parser.add_argument("--only", default="")
parser.add_argument("--outputs", action="store_true", help="compare outputs only")
parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
parser.add_argument("--onednn3", type=pathlib.Path, help="folder with include/ and lib/")
parser.add_argument("--json", type=pathlib.Path, help="file that records are appended to")
parser.add_argument("--part", default="Networks", help="title in the report")
options = parser.parse_args()
build = ["swift", "build", "-q", "-c", "release", "--package-path", here]
subprocess.run(build, check=True)
if options.onednn3:
    root = options.onednn3.resolve()
    if not (root / "include/dnnl.h").exists() or not (root / "lib/libdnnl.so").exists():
        sys.exit(f"{root}: holds no include/dnnl.h and lib/libdnnl.so")
    subprocess.run([*build, "--scratch-path", here / ".build/onednn3", "-Xcc", "-isystem", "-Xcc", root / "include",
                    "-Xlinker", f"-L{root}/lib", "-Xlinker", f"-rpath={root}/lib",
                    "-Xlinker", "--allow-shlib-undefined"], check=True)
temporary = tempfile.TemporaryDirectory()
scratch = pathlib.Path(temporary.name)


def record(**fields):
    if options.json:
        with options.json.open("a") as file:
            file.write(json.dumps({"part": options.part, **fields}) + "\n")


def assay(model, x, runs, program=here / ".build/release/RunNetwork"):
    x.tofile(scratch / "in.f32")
    result = subprocess.run(
        [program, model, scratch / "in.f32", "x".join(map(str, x.shape)),
         scratch / "out.f32", str(options.threads), str(runs),
         *(["bf16"] if options.precision == "bf16" else [])], capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(result.stderr.strip())
    return np.fromfile(scratch / "out.f32", np.float32), [float(t) for t in result.stdout.split()]


def timed(call, runs):
    for _ in range(3):
        y = call()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        call()
        times.append((time.perf_counter() - start) * 1e3)
    return y, times


def onnxruntime(model, x, runs):
    import onnxruntime as ort

    settings = ort.SessionOptions()
    settings.intra_op_num_threads = options.threads
    session = ort.InferenceSession(str(model), settings, providers=["CPUExecutionProvider"])
    return timed(lambda: session.run(None, {session.get_inputs()[0].name: x})[0], runs)


def openvino(model, x, runs):
    import openvino as ov

    core = ov.Core()
    read = core.read_model(model)
    read.reshape(list(x.shape))
    compiled = core.compile_model(read, "CPU", {
        "INFERENCE_NUM_THREADS": options.threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": options.precision})
    request = compiled.create_infer_request()
    return timed(lambda: request.infer({0: x})[compiled.output(0)], runs)


def assay3(model, x, runs):
    return assay(model, x, runs, here / ".build/onednn3/release/RunNetwork")


peers = {"Assay": assay, "ONNX Runtime": onnxruntime, "OpenVINO": openvino}
if options.onednn3:
    peers["Assay with oneDNN 3"] = assay3
ratios = []
failures = 0
worst = 0.0
for model in sorted(options.folder.glob("*.onnx")):
    if options.only and model.stem not in options.only.split(","):
        continue
    x = np.load(model.with_suffix(".npz"))["x"]
    try:
        reference, _ = onnxruntime(model, x, 1)
        ours, _ = assay(model, x, 1)
    except RuntimeError as error:
        print(f"{model.stem:20} {error}", flush=True)
        record(kind="note", item=model.stem, text=f"failed: {error}")
        failures += 1
        continue
    span = float(reference.max() - reference.min())
    difference = float(np.abs(ours - reference.ravel()).max()) / span
    worst = max(worst, difference)
    # Not the other way round: a NaN is a failure too.
    failures += not difference <= 1
    print(f"{model.stem:20} largest difference {difference:.1e} of the output's range", flush=True)
    record(kind="note", item=model.stem,
           text=f"largest difference to ONNX Runtime's output {difference:.1e} of its range")
    if options.outputs:
        continue
    times = {name: [] for name in peers}
    for _ in range(options.rounds):
        for name, peer in peers.items():
            times[name] += peer(model, x, options.runs)[1]
    record(kind="samples", item=model.stem, unit="ms", less_is_better=True, rounds=options.rounds, peers=times,
           beside=["Assay with oneDNN 3"])
    medians = {name: statistics.median(t) for name, t in times.items()}
    best = min(medians["ONNX Runtime"], medians["OpenVINO"])
    ratios.append(medians["Assay"] / best)
    print(" " * 21 + ", ".join(f"{name} {m:.2f} ms (least {min(times[name]):.2f})" for name, m in medians.items())
          + f"; Assay / best {ratios[-1]:.2f}", flush=True)
print(f"largest difference of all: {worst:.1e}")
if ratios:
    print(f"geometric mean of Assay / best: {np.exp(np.mean(np.log(ratios))):.3f}")
sys.exit(1 if failures else 0)
