"""Times a step of a generator's training (discriminator, generator, encoder; forward and backward) in Assay and in PyTorch,
in turns, with the same networks, batch and threads.

usage: compare.py [--set SET] [--rounds N] [--steps N] [--threads N] [--batch N] [--side N] [--json FILE]
Needs a Python with torch; builds the Swift side first. Both sides print how many numbers their networks hold: they must
be the same. `--json` appends all times to a file for ../report.py.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys

here = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("--set", type=pathlib.Path, default=here / "../../Datasets/washers")
for name, standard in [("rounds", 5), ("steps", 16), ("threads", 2), ("batch", 16), ("side", 64)]:
    parser.add_argument("--" + name, type=int, default=standard)
parser.add_argument("--json", type=pathlib.Path)
options = parser.parse_args()
subprocess.run(["swift", "build", "-q", "-c", "release", "--package-path", here], check=True)
WARM_UP = 4


def run(command):
    text = subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True).stdout.splitlines()
    head = [int(n) for n in text[0].split()[1:]]
    return head, [float(line) for line in text[1:]][WARM_UP:]


steps = options.steps + WARM_UP
ours = [here / ".build/release/GeneratorStep", options.set, steps, options.threads, options.batch, options.side]
head, _ = run(ours[:2] + [WARM_UP] + ours[3:])
*sizes, channels, classes = head
theirs = [sys.executable, here / "generator_step.py", steps, options.threads, options.batch, options.side, channels, classes]
times = {"Assay": [], "PyTorch": []}
for _ in range(options.rounds):
    for name, command in (("Assay", ours), ("PyTorch", theirs)):
        got, seconds = run(command)
        if got[:3] != sizes:
            sys.exit(f"{name} has networks of {got[:3]} numbers, not {sizes}")
        times[name] += seconds
medians = {name: statistics.median(list_) for name, list_ in times.items()}
for name, list_ in times.items():
    print(f"{name:8} {1e3 * medians[name]:7.1f} ms a step (median of {len(list_)}; least {1e3 * min(list_):.1f})")
print(f"Assay / PyTorch {medians['Assay'] / medians['PyTorch']:.2f}: {medians['PyTorch'] / medians['Assay']:.2f} times as fast")
if options.json:
    item = f"networks of assay synth train, batch {options.batch}, {options.side}x{options.side}"
    with options.json.open("a") as file:
        file.write(json.dumps({
            "kind": "samples", "part": "Generator's training step", "item": item, "unit": "ms", "less_is_better": True,
            "rounds": options.rounds, "peers": {n: [1e3 * t for t in l] for n, l in times.items()}, "beside": []}) + "\n")
