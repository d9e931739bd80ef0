"""Compares Assay with libv4lconvert and OpenCV in turning camera frames into RGB: first the pictures, then the times.

usage: compare.py [--rounds N] [--runs N] [--size WxH] [--program FILE] [--json FILE]
Needs numpy and opencv-python-headless; builds the Swift side first unless `--program` names it built. Each peer uses one
thread. The peers take turns, so that all of them meet the same load; the figure is the median over all runs of all
rounds, of the thread's processor time. Each picture goes to other memory than the four before it: Assay and imdecode make
new ones, OpenCV's cvtColor and libv4lconvert are given them.
Exit code 1 where pictures differ by more than rounding.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import cv2
import numpy as np

here = pathlib.Path(__file__).parent
parser = argparse.ArgumentParser()
parser.add_argument("--rounds", type=int, default=7)
parser.add_argument("--runs", type=int, default=30)
parser.add_argument("--size", default="1280x720")
parser.add_argument("--program", type=pathlib.Path)
parser.add_argument("--json", type=pathlib.Path, help="file that records are appended to")
options = parser.parse_args()
width, height = map(int, options.size.split("x"))
cv2.setNumThreads(1)
if options.program is None:
    subprocess.run(["swift", "build", "-q", "-c", "release", "--package-path", here], check=True)
    options.program = here / ".build/release/ConvertFrames"
temporary = tempfile.TemporaryDirectory()
scratch = pathlib.Path(temporary.name)
program = subprocess.Popen([options.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(peer, name, runs, range="limited"):
    output = scratch / "output"
    format = "YUYV" if name == "YUYV" else "MJPG"
    program.stdin.write(f"{peer} {format} {range} {width} {height} {scratch / name} {runs} {output}\n")
    program.stdin.flush()
    answer = program.stdout.readline().strip()
    if not answer or answer.startswith("error"):
        sys.exit(f"{name}: {answer or 'the program ended'}")
    return np.fromfile(output, np.uint8).reshape(height, width, 3), [float(t) for t in answer.split()]


def opencv(name, runs):
    data = np.fromfile(scratch / name, np.uint8)
    if name == "YUYV":
        data, targets = data.reshape(height, width, 2), [np.zeros((height, width, 3), np.uint8) for _ in range(5)]
        convert = lambda: cv2.cvtColor(data, cv2.COLOR_YUV2RGB_YUY2, targets[run % 5])
    else:
        convert = lambda: cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
    times, kept = [], []
    for run in range(runs + 5):
        start = time.thread_time()
        picture = convert()
        if run >= 5:
            times.append((time.thread_time() - start) * 1e3)
        kept = [*kept[-3:], picture]
    return picture, times


# A picture with soft and hard edges and some noise, as cameras send them.
random = np.random.default_rng(1)
picture = cv2.resize(random.integers(0, 256, (height // 40, width // 40, 3), dtype=np.uint8), (width, height),
                     interpolation=cv2.INTER_CUBIC)
picture[height // 4:height // 2, width // 4:width // 2] = random.integers(0, 256, 3)
picture = np.clip(picture + random.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)
cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_YUY2).tofile(scratch / "YUYV")
for quality in (75, 90):
    for name, sampling in (("4:2:2", cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422), ("4:2:0", cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420)):
        cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality,
                                                  cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling])[1].tofile(
            scratch / f"MJPG-{name}-q{quality}")

peers = {"Assay": lambda name, runs: ask("assay", name, runs),
         "libv4lconvert": lambda name, runs: ask("libv4lconvert", name, runs), "OpenCV": opencv}
failed = False
for name in ["YUYV"] + sorted(path.name for path in scratch.iterdir() if path.name.startswith("MJPG")):
    pictures = {peer: convert(name, 1)[0].astype(int) for peer, convert in peers.items()}
    # libv4lconvert takes all Y'CbCr for full range, and its factors are 1.5 for Cr and 2.02 for Cb where BT.601 has 1.402
    # and 1.772: all that can be asked is that the picture is the same one.
    same = {"OpenCV": pictures["Assay"], "libv4lconvert": ask("assay", name, 1, "full")[0].astype(int)}
    differences = {peer: np.abs(pictures[peer] - same[peer]) for peer in list(peers)[1:]}
    print(f"{name}, {options.size}, {(scratch / name).stat().st_size} bytes")
    for peer, difference in differences.items():
        print(f"  difference from {peer}: mean {difference.mean():.3f}, largest {difference.max()}")
        failed |= difference.mean() > (6 if name == "YUYV" and peer == "libv4lconvert" else 1)
    times = {peer: [] for peer in peers}
    for _ in range(options.rounds):
        for peer, convert in peers.items():
            times[peer] += convert(name, options.runs)[1]
    medians = {peer: statistics.median(values) for peer, values in times.items()}
    for peer, median in medians.items():
        quarter = statistics.quantiles(times[peer], n=4)
        print(f"  {peer:14} {median:7.3f} ms   ({quarter[0]:.3f} to {quarter[2]:.3f})"
              + ("" if peer == "Assay" else f"   takes {median / medians['Assay']:.2f} times as long"))
    if options.json:
        with options.json.open("a") as file:
            file.write(json.dumps({
                "kind": "samples", "part": "Camera frames to RGB, 1 thread", "item": f"{name}, {options.size}", "unit": "ms",
                "less_is_better": True, "rounds": options.rounds, "peers": times, "beside": []}) + "\n")
sys.exit(1 if failed else 0)
