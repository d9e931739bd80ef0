"""Times one training step (forward, backward, AdamW) of the same network in Assay and in PyTorch, in turns.

usage: compare.py [--rounds N] [--steps N] [--threads N] [--batch N] [--size N]
Needs a Python with torch; builds the Swift side first.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys

here = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
for name, standard in [("rounds", 5), ("steps", 12), ("threads", 2), ("batch", 32), ("size", 128)]:
    parser.add_argument("--" + name, type=int, default=standard)
options = parser.parse_args()
subprocess.run(["swift", "build", "-q", "-c", "release", "--package-path", here], check=True)
sizes = [str(n) for n in (options.steps, options.threads, options.batch, options.size)]
commands = {
    "Assay": [here / ".build/release/TrainingStep", *sizes],
    "PyTorch": [sys.executable, here / "training_step.py", *sizes],
}
times = {name: [] for name in commands}
for turn in range(options.rounds):
    for name, command in commands.items():
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        rows = [[float(x) for x in line.split()] for line in lines if not line.startswith("#")]
        times[name] += rows
        print(f"round {turn + 1} {name:8} median {statistics.median(r[3] for r in rows):8.2f} ms, "
              f"least {min(r[3] for r in rows):8.2f} ms", flush=True)
print(f"\n{'':8}  forward  backward  AdamW  step (median)  step (least)  processor (median)   in ms")
for name, rows in times.items():
    part = [statistics.median(column) for column in zip(*rows)]
    print(f"{name:8} {part[0]:8.2f} {part[1]:9.2f} {part[2]:6.2f} {part[3]:14.2f} {min(r[3] for r in rows):13.2f} {part[4]:19.2f}")
ratio = [f(r[3] for r in times["PyTorch"]) / f(r[3] for r in times["Assay"]) for f in (statistics.median, min)]
print(f"PyTorch / Assay: {ratio[0]:.2f} by medians, {ratio[1]:.2f} by the least; "
      f"{statistics.median(r[4] for r in times['PyTorch']) / statistics.median(r[4] for r in times['Assay']):.2f} "
      "by processor time")
