"""Times one training step (forward, backward, AdamW) of the same network in Assay and in PyTorch, in turns, and checks
that both follow the same loss curve from the same weights on the same pictures.

usage: compare.py [--network neu|vit|resnet18] [--rounds N] [--steps N] [--threads N] [--batch N] [--size N]
                  [--curve STEPS] [--precision f32|bf16] [--passive] [--json FILE]
Needs a Python with torch, safetensors and (for resnet18) torchvision; builds the Swift side first. On a machine that does
other work too, `--passive` has both sides' threads wait without spinning, and the least times say more than the medians.
With `--precision bf16` both multiply in bfloat16: PyTorch by autocast.
`--json` appends all times to a file for ../report.py.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

here = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("--network", choices=["neu", "vit", "resnet18"], default="neu")
for name, standard in [("rounds", 5), ("steps", 12), ("threads", 2), ("batch", 32), ("size", 128), ("curve", 200)]:
    parser.add_argument("--" + name, type=int, default=standard)
parser.add_argument("--precision", choices=["f32", "bf16"], default="f32")
parser.add_argument("--passive", action="store_true")
parser.add_argument("--json", type=pathlib.Path)
options = parser.parse_args()
subprocess.run(["swift", "build", "-q", "-c", "release", "--package-path", here], check=True)
programs = {
    "Assay": [here / ".build/release/TrainingStep"],
    "PyTorch": [sys.executable, here / "training_step.py"],
}
environment = {**os.environ, **({"OMP_WAIT_POLICY": "passive"} if options.passive else {})}


def run(name, steps, *more):
    sizes = [str(n) for n in (steps, options.threads, options.batch, options.size)]
    precision = ["bf16"] if options.precision == "bf16" else []
    command = [*programs[name], options.network, *sizes, *precision, *more]
    text = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    return [[float(x) for x in line.split()] for line in text.splitlines() if not line.startswith("#")]


def record(**fields):
    if options.json:
        item = f"{options.network}, batch {options.batch}, {options.size}x{options.size}"
        part = "Training step" + (", bf16" if options.precision == "bf16" else "")
        with options.json.open("a") as file:
            file.write(json.dumps({"part": part, "item": item, **fields}) + "\n")


def smoothed(losses, width=20):
    return [statistics.fmean(losses[max(0, i - width + 1):i + 1]) for i in range(len(losses))]


if options.curve > 0:
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "start.safetensors")
        # PyTorch first: it writes the weights and pictures that Assay starts from.
        curves = {name: [row[0] for row in run(name, options.curve, file)] for name in ("PyTorch", "Assay")}
    ours, theirs = curves["Assay"], curves["PyTorch"]
    worst = max(abs(a - b) / b for a, b in zip(smoothed(ours), smoothed(theirs)))
    first = max(abs(a - b) / b for a, b in zip(ours[:10], theirs[:10]))
    print(f"{options.network}, loss over {options.curve} steps: Assay {ours[0]:.5f} to {smoothed(ours)[-1]:.5f}, "
          f"PyTorch {theirs[0]:.5f} to {smoothed(theirs)[-1]:.5f}")
    print(f"largest relative difference: {first:.2e} in the first 10 steps, {worst:.2e} between the curves "
          "smoothed over 20 steps", flush=True)
    record(kind="note", text=f"loss over {options.curve} steps {ours[0]:.5f} to {smoothed(ours)[-1]:.5f}, PyTorch's "
           f"{theirs[0]:.5f} to {smoothed(theirs)[-1]:.5f}; largest relative difference {first:.1e} in the first 10 "
           f"steps, {worst:.1e} between the curves smoothed over 20")

times = {name: [] for name in programs}
for turn in range(options.rounds):
    for name in programs:
        rows = run(name, options.steps)
        times[name] += rows
        print(f"round {turn + 1} {name:8} median {statistics.median(r[3] for r in rows):8.2f} ms, "
              f"least {min(r[3] for r in rows):8.2f} ms", flush=True)
if options.rounds > 0:
    record(kind="samples", unit="ms", less_is_better=True, rounds=options.rounds,
           peers={name: [row[3] for row in rows] for name, rows in times.items()})
    print(f"\n{'':8}  forward  backward  AdamW  step (median)  step (least)  processor (median)  (least)   in ms")
    for name, rows in times.items():
        part = [statistics.median(column) for column in zip(*rows)]
        print(f"{name:8} {part[0]:8.2f} {part[1]:9.2f} {part[2]:6.2f} {part[3]:14.2f} {min(r[3] for r in rows):13.2f} "
              f"{part[4]:19.2f} {min(r[4] for r in rows):8.2f}")

    def ratio(column, f):
        return f(r[column] for r in times["Assay"]) / f(r[column] for r in times["PyTorch"])

    print(f"Assay / PyTorch: {ratio(3, statistics.median):.2f} by medians, {ratio(3, min):.2f} by the least; "
          f"{ratio(4, statistics.median):.2f} and {ratio(4, min):.2f} by processor time")
